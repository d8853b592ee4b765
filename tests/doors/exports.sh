#!/bin/bash
# One export per unit, named adapter.bus.target.lun; the empty name is the first; others are refused.
. "$(dirname -- "$0")/door.sh"
need nbdkit nbdinfo

"$storport" run ramdisk --device SizeMB=4,Luns=2 --device SizeMB=8 -- \
    sh -c 'nbdinfo --list --json "$uri"' >"$scratch/list"
names=$(grep -o '"export-name": "[^"]*"' "$scratch/list" | cut -d'"' -f4 | sort | tr '\n' ' ')
[ "$names" = '0.0.0.0 0.0.0.1 1.0.0.0 ' ] || die "the exports are: $names"

"$storport" run ramdisk --device SizeMB=4 --device SizeMB=8 -- sh -c '
    set -e
    base="nbd+unix://" tail="?socket=$unixsocket"
    [ "$(nbdinfo --size "$base/$tail")" = 4194304 ]
    [ "$(nbdinfo --size "$base/0.0.0.0$tail")" = 4194304 ]
    [ "$(nbdinfo --size "$base/1.0.0.0$tail")" = 8388608 ]
    ! nbdinfo --size "$base/7.0.0.0$tail" 2>/dev/null' 2>"$scratch/said" || die "$(cat "$scratch/said")"
grep -q 'no unit "7.0.0.0"' "$scratch/said" || die "the refusal says: $(cat "$scratch/said")"
