#!/bin/bash
# make format: lays out our C with the tree's .clang-format. --check only says what would change.
# include/wdk is left alone: its tables of names and values are laid out by hand.
. "$(dirname -- "$0")/common.sh"

mode=(-i)
[ "${1-}" != --check ] || mode=(--dry-run -Werror)
git ls-files -z -- src drivers tests bench examples include/storport |
    grep -zE '\.[ch]$' | grep -zvE '^src/contract/generated/' |
    xargs -0 -r clang-format "${mode[@]}"
