#!/bin/bash
# An image converted onto the disk compares equal, holes included.
. "$(dirname -- "$0")/door.sh"
need nbdkit qemu-img

truncate -s 16M "$scratch/in"
for at in 0 3 7 12; do
    head -c 700000 /dev/urandom | dd of="$scratch/in" bs=1M seek=$at conv=notrunc status=none
done
export in=$scratch/in
while IFS='|' read -r name arguments; do
    "$storport" run $arguments -- sh -c '
        qemu-img convert -n -f raw -O raw "$in" "$uri" &&
        qemu-img compare -f raw -F raw "$in" "$uri"' >"$scratch/out" || die "$name: $(cat "$scratch/out")"
    grep -q 'Images are identical' "$scratch/out" || die "$name: $(cat "$scratch/out")"
    # And a difference is one: the comparison above can fail.
    ! "$storport" run $arguments -- sh -c '
        qemu-img convert -n -f raw -O raw "$in" "$uri" && printf x | nbdcopy - "$uri" &&
        qemu-img compare -f raw -F raw "$in" "$uri"' >"$scratch/out" 2>&1 ||
        die "$name: a changed byte was not seen"
done < <(disks 16)
