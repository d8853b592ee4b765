#!/bin/bash
# storport info, of a miniport of its own and of a running one; storport scsi; storport api.
. "$(dirname -- "$0")/door.sh"

"$storport" info ramdisk --option SizeMB=4 --option QueueDepth=7 >"$scratch/out"
for want in '^adapter 0, driver ramdisk \(virtual miniport\)' '^unit 0\.0\.0\.0' '  serial +[^ ]' \
    '  identity +(naa|eui|t10)\.' '  queue depth +[0-9]+ of [0-9]+, from [A-Za-z]' \
    '  size +4 MiB \(4194304 bytes\)'; do
    grep -q -E -- "$want" "$scratch/out" || die "no /$want/ in: $(cat "$scratch/out")"
done
"$storport" info ramdisk --json | python3 -c '
import json, sys
adapters = json.load(sys.stdin)["adapters"]
assert len(adapters) == 1 and adapters[0]["units"][0]["disk"]["block_bytes"] == 512' || die "JSON"

if command -v nbdkit >/dev/null; then
    "$storport" run ramdisk --option SizeMB=4 -- "$storport" info >"$scratch/live"
    grep -q '^unit 0\.0\.0\.0' "$scratch/live" || die "a running host does not answer"
    mode=$("$storport" run ramdisk -- sh -c 'stat -c %a "$STORPORT_CONTROL"')
    [ "$mode" = 600 ] || die "the control socket has mode $mode"
fi
got=0
STORPORT_CONTROL=$scratch/none "$storport" info 2>"$scratch/said" || got=$?
[ "$got" = 1 ] && grep -q 'no host answers' "$scratch/said" || die "no host: $got"

# A CDB that succeeds, one that fails with sense, data both ways.
"$storport" scsi ramdisk 0.0.0.0 12 00 00 00 24 00 >"$scratch/out" || die "INQUIRY"
grep -q '^status  SUCCESS, GOOD' "$scratch/out" && grep -q '^data    36 of 36' "$scratch/out" ||
    die "INQUIRY: $(cat "$scratch/out")"
got=0
"$storport" scsi ramdisk 0.0.0.0 ff 00 00 00 00 00 >"$scratch/out" || got=$?
[ "$got" = 1 ] && grep -q 'CHECK CONDITION' "$scratch/out" &&
    grep -q '^sense   ILLEGAL REQUEST 20/00' "$scratch/out" || die "opcode FF: $(cat "$scratch/out")"
head -c 512 /dev/urandom >"$scratch/block"
"$storport" scsi ramdisk 0.0.0.0 2a0000000000000001 00 --out "$scratch/block" >"$scratch/out" ||
    die "WRITE: $(cat "$scratch/out")"
"$storport" scsi ramdisk 0.0.0.0 28 00 00 00 00 00 00 00 01 00 --save "$scratch/back" >"$scratch/out" ||
    die "READ: $(cat "$scratch/out")"
[ "$(stat -c %s "$scratch/back")" = 512 ] || die "READ saved $(stat -c %s "$scratch/back") bytes"

"$storport" api >"$scratch/out" || die "api"
tail -1 "$scratch/out" | grep -q -E '^[0-9]+ of [0-9]{3,} routines are there' || die "$(tail -1 "$scratch/out")"
[ "$("$storport" api --json | python3 -c 'import json,sys; print(len(json.load(sys.stdin)))')" \
    -gt 200 ] || die "api --json"
