#!/bin/bash
# fio writes at random through its NBD engine and verifies, with several requests outstanding.
. "$(dirname -- "$0")/door.sh"
need nbdkit fio
fio --enghelp 2>/dev/null | grep -qw nbd || {
    echo "skip: this fio has no nbd engine"
    exit 77
}

while IFS='|' read -r name arguments; do
    "$storport" run $arguments -- fio --name=verify --ioengine=nbd '--uri=$uri' --rw=randwrite \
        --bsrange=512-64k --blockalign=512 --size=24M --iodepth=16 --verify=crc32c \
        --verify_fatal=1 --do_verify=1 --end_fsync=1 --output="$scratch/fio.txt" ||
        die "$name: $(tail -20 "$scratch/fio.txt")"
    grep -q 'err= 0' "$scratch/fio.txt" || die "$name: $(cat "$scratch/fio.txt")"
done < <(disks 32)
