#!/bin/bash
# A file goes in with nbdcopy and comes back the same; what lay behind it is still zero.
. "$(dirname -- "$0")/door.sh"
need nbdkit nbdcopy

head -c 9876543 /dev/urandom >"$scratch/in"
export in=$scratch/in out=$scratch/out
while IFS='|' read -r name arguments; do
    "$storport" run $arguments -- sh -c 'nbdcopy --flush "$in" "$uri" && nbdcopy "$uri" "$out"'
    [ "$(stat -c %s "$out")" = 16777216 ] || die "$name: the copy is $(stat -c %s "$out") bytes"
    cmp -n 9876543 "$in" "$out" || die "$name: the copy differs"
    cmp -n 6900673 -i 9876543 "$out" /dev/zero 2>/dev/null ||
        cmp -n 6900673 -i 9876543:0 "$out" /dev/zero || die "$name: behind the data is no zero"
    rm -f "$out"
done < <(disks 16)
# filedisk's image is the disk.
if [ -e "$scratch/disk.img" ]; then
    cmp -n 9876543 "$in" "$scratch/disk.img" || die "the image differs from what was written"
fi
