#!/bin/bash
# Requests that no block size divides: qemu-io writes patterns and checks them and their neighbours.
. "$(dirname -- "$0")/door.sh"
need nbdkit qemu-io

cat >"$scratch/commands" <<'TEXT'
write -P 0x11 0 1M
write -P 0x22 513 1
write -P 0x33 4095 2
write -P 0x44 65537 131071
write -P 0x55 -f 300001 777
discard 512k 64k
write -z 700001 3333
aio_write -P 0x66 900001 999
aio_write -P 0x77 901001 999
aio_flush
read -P 0x11 0 513
read -P 0x22 513 1
read -P 0x11 514 3581
read -P 0x33 4095 2
read -P 0x11 4097 61440
read -P 0x44 65537 131071
read -P 0x11 196608 103393
read -P 0x55 300001 777
read -P 0x00 512k 64k
read -P 0x00 700001 3333
read -P 0x66 900001 999
read -P 0x11 901000 1
read -P 0x77 901001 999
flush
TEXT
export commands=$scratch/commands
while IFS='|' read -r name arguments; do
    "$storport" run $arguments -- sh -c 'qemu-io -f raw "$uri" <"$commands"' >"$scratch/out" 2>&1 ||
        die "$name: $(cat "$scratch/out")"
    # qemu-io's status does not tell of each command; a pattern that failed or an error does.
    ! grep -E -i 'failed|error|invalid' "$scratch/out" || die "$name: see above"
    [ "$(grep -c ' read [0-9]*/' "$scratch/out")" = 13 ] || die "$name: not 13 reads: $(cat "$scratch/out")"
done < <(disks 16)
