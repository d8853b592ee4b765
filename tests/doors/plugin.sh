#!/bin/bash
# `nbdkit PLUGIN …` by itself: parameters, filters, errors before it goes into the background.
. "$(dirname -- "$0")/door.sh"
need nbdkit nbdinfo nbdcopy
unset STORPORT_DRIVER_PATH

nbdkit --dump-plugin "$plugin" >"$scratch/dump"
grep -q '^name=storport$' "$scratch/dump" || die "no plugin named storport"
# The first word is the driver; nbdkit's own sockets and filters work.
size=$(nbdkit -U - "$plugin" ramdisk SizeMB=8 --run 'nbdinfo --size "$uri"')
[ "$size" = 8388608 ] || die "size $size"
size=$(nbdkit -U - --filter=offset "$plugin" ramdisk SizeMB=8 offset=1M range=2M \
    --run 'nbdinfo --size "$uri"')
[ "$size" = 2097152 ] || die "size $size behind a filter"

# Many requests on several connections, in both directions.
head -c 8388608 /dev/urandom >"$scratch/in"
export in=$scratch/in out=$scratch/out
nbdkit -U - "$plugin" ramdisk SizeMB=8 verify=1 processors=2 --run '
    nbdcopy --connections=4 --requests=16 --request-size=65536 "$in" "$uri" &&
    nbdcopy --connections=4 --requests=16 --request-size=4096 "$uri" "$out"' || die "nbdcopy"
cmp "$in" "$out" || die "the copy differs"

# A flush on one connection for what another wrote; zero and trim between.
if command -v nbdsh >/dev/null; then
nbdkit -U - "$plugin" ramdisk SizeMB=8 verify=1 processors=2 --run '
    nbdsh -c "
import os, nbd
uri = os.environ[\"uri\"]
a, b = nbd.NBD(), nbd.NBD()
a.connect_uri(uri); b.connect_uri(uri)
assert a.can_multi_conn() and a.can_fua() and a.can_fast_zero()
cookies = [a.aio_pwrite(nbd.Buffer.from_bytearray(bytearray([i] * 4096)), i * 4096) for i in range(1, 65)]
while a.aio_in_flight(): a.poll(-1)
b.flush()
for i in range(1, 65): assert b.pread(4096, i * 4096) == bytes([i]) * 4096, i
b.trim(65536, 65536); assert a.pread(65536, 65536) == bytes(65536)
b.pwrite(b\"x\" * 700, 70000, nbd.CMD_FLAG_FUA); b.zero(300, 70100)
assert a.pread(700, 70000) == b\"x\" * 100 + bytes(300) + b\"x\" * 300
"' || die "parallel requests"
fi

# In the background, too: an error must come before that.
got=0
nbdkit -U "$scratch/sock" -P "$scratch/pid" "$plugin" ramdsk 2>"$scratch/said" || got=$?
[ "$got" != 0 ] && grep -q 'no miniport "ramdsk"' "$scratch/said" || die "unknown driver: $got"
got=0
nbdkit -U "$scratch/sock" -P "$scratch/pid" "$plugin" ramdisk Sizzle=8 2>"$scratch/said" || got=$?
[ "$got" != 0 ] && grep -q 'has no option "Sizzle"' "$scratch/said" || die "unknown option: $got"
got=0
nbdkit -U "$scratch/sock" "$plugin" 2>"$scratch/said" || got=$?
[ "$got" != 0 ] && grep -q 'name a miniport' "$scratch/said" || die "no driver: $got"
nbdkit -U "$scratch/sock" -P "$scratch/pid" "$plugin" ramdisk SizeMB=8
pid=$(cat "$scratch/pid")
trap 'kill "$pid" 2>/dev/null || true; rm -rf -- "$scratch"' EXIT
[ "$(nbdinfo --size "nbd+unix:///?socket=$scratch/sock")" = 8388608 ] || die "in the background"
kill "$pid"
for _ in $(seq 100); do
    kill -0 "$pid" 2>/dev/null || exit 0
    sleep 0.1
done
die "nbdkit ($pid) does not end"
