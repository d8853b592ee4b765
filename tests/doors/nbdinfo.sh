#!/bin/bash
# What an NBD client is told about a disk: size, flags, block sizes.
. "$(dirname -- "$0")/door.sh"
need nbdkit nbdinfo

while IFS='|' read -r name arguments; do
    "$storport" run $arguments -- nbdinfo --json '$uri' >"$scratch/info.json"
    for want in '"export-size": 16777216' '"is_read_only": false' '"can_flush": true' \
        '"can_fua": true' '"can_multi_conn": true' '"can_trim": true' '"can_zero": true' \
        '"block_size_minimum": 1' '"export-name": "0.0.0.0"'; do
        grep -q -- "$want" "$scratch/info.json" ||
            die "$name: no $want in $(cat "$scratch/info.json")"
    done
    grep -q base:allocation "$scratch/info.json" || die "$name: no extents"
done < <(disks 16)

# A disk that may only be read says so, and refuses.
"$storport" run ramdisk --option SizeMB=4 --option ReadOnly=1 -- \
    sh -c 'nbdinfo --json "$uri" && ! nbdcopy -- "$0" "$uri" 2>/dev/null' "$here/nbdinfo.sh" \
    >"$scratch/info.json" || die "a disk that may only be read was written"
grep -q '"is_read_only": true' "$scratch/info.json" || die "ReadOnly=1 is not told"
