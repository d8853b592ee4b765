#!/bin/bash
# scripts/readme-demo.sh [--check] [BUILD-FOLDER]: puts the real output of the demo between the
# markers <!-- demo --> and <!-- /demo --> of README.md; with --check it only compares and says what
# differs. The demo runs in virtual time from a fixed seed, so its output is the same everywhere.
. "$(dirname -- "$0")/common.sh"

mode=write
if [ "${1-}" = --check ]; then
    mode=check
    shift
fi
readme=${STORPORT_README:-README.md}
[ "$(grep -cxF -e '<!-- demo -->' -e '<!-- /demo -->' "$readme")" = 2 ] ||
    die "$readme: the markers <!-- demo --> and <!-- /demo --> must each be there once, on lines of their own"
make_scratch

# DEMO_BUILT keeps demo.sh from building again; its own progress goes to stderr.
DEMO_BUILT=${1:-build} ./scripts/demo.sh >"$scratch/output" 2>"$scratch/progress" </dev/null || {
    cat "$scratch/output" "$scratch/progress" >&2
    die "The demo failed."
}
[ -s "$scratch/output" ] || die "The demo printed nothing."
{
    sed '/^<!-- demo -->$/q' "$readme"
    printf '```console\n$ make demo\n'
    cat "$scratch/output"
    printf '```\n'
    sed -n '/^<!-- \/demo -->$/,$p' "$readme"
} >"$scratch/readme"

if [ "$mode" = check ]; then
    diff -u "$readme" "$scratch/readme" ||
        die "$readme does not show what the demo prints: run scripts/readme-demo.sh"
    echo "README.md shows what the demo prints"
else
    cat "$scratch/readme" >"$readme"
fi
