#!/bin/bash
# A driver that faults: the client gets an error, the report names driver, callback, IRQL, locks,
# request and the line, and the status is 70, whether it is hosted by nbdkit or by the command.
. "$(dirname -- "$0")/door.sh"
need nbdkit qemu-io
driver=$build/tests/doors/faulty.so

# The miniport works as long as nothing goes wrong.
"$storport" run "$driver" -- qemu-io -f raw -c 'write -P 0x5a 3k 100k' -c 'read -P 0x5a 3k 100k' '$uri' \
    >"$scratch/out" || die "faulty: $(cat "$scratch/out")"
! grep -i -E 'fail|error' "$scratch/out" || die "faulty: see above"

# With a sanitizer, what it finds in the miniport is reported through nbdkit too.
if [ -n "$sanitizer" ]; then
    case "$sanitizer" in
    *asan*) block=1004 what='AddressSanitizer: global-buffer-overflow' ;;
    *) block=1005 what='ThreadSanitizer: data race' ;;
    esac
    commands=()
    for _ in $(seq 200); do
        commands+=(-c "aio_read $((block * 512)) 512")
    done
    "$storport" run "$driver" --processors 4 -- qemu-io -f raw "${commands[@]}" -c aio_flush '$uri' \
        >"$scratch/out" 2>"$scratch/err" || true
    grep -q "$what" "$scratch/err" && grep -q 'faulty_.*faulty\.c:' "$scratch/err" ||
        die "no '$what' in: $(head -50 "$scratch/err")"
    exit 0
fi

# A broken rule that the port can live with is a finding, told at once; the disk goes on.
"$storport" run "$driver" -- qemu-io -f raw -c 'read 513024 512' -c 'read 0 4k' '$uri' \
    >"$scratch/out" 2>"$scratch/err" || die "two locks: $(cat "$scratch/err")"
grep -q '^finding [A-Za-z_]*:' "$scratch/err" && grep -q 'faulty_execute .*faulty\.c:[0-9]' "$scratch/err" ||
    die "two locks: no finding in: $(cat "$scratch/err")"
[ "$(grep -c ' *read [0-9]*/' "$scratch/out")" = 2 ] || die "two locks: $(cat "$scratch/out")"

reported() { # what pattern…
    local what=$1 pattern
    shift
    for pattern; do
        grep -q -E -- "$pattern" "$scratch/err" || die "$what: no /$pattern/ in: $(cat "$scratch/err")"
    done
}

# block | what is reported | the place in the stack
while IFS='|' read -r block what where; do
    [ -n "$block" ] || continue
    got=0
    "$storport" run "$driver" --watchdog 1 -- timeout 30 qemu-io -f raw -c "read $((block * 512)) 512" '$uri' \
        >"$scratch/out" 2>"$scratch/err" || got=$?
    [ "$got" = 70 ] || die "$what: status $got: $(cat "$scratch/err")"
    grep -q 'read failed: Input/output error' "$scratch/out" ||
        grep -q 'read failed: Input/output error' "$scratch/err" ||
        die "$what: the client was told: $(cat "$scratch/out")"
    reported "$what" "^faulty \(adapter 0\): .*$what.* in HwStorStartIo at IRQL 2" \
        '^  holds ' 'READ\(10\) lba '"$block" "$where" 'faulty_execute .*faulty\.c:[0-9]+'
    # The same in the command's own process.
    got=0
    "$storport" scsi "$driver" --watchdog 1 0.0.0.0 "$(printf '2800%08x00000100' "$block")" \
        >"$scratch/out" 2>"$scratch/err" || got=$?
    [ "$got" = 70 ] || die "$what, in process: status $got: $(cat "$scratch/err")"
    reported "$what, in process" "^faulty \(adapter 0\): .*$what"
done <<'TABLE'
1000|SIGSEGV at address|faulty_go_wrong .*faulty\.c:[0-9]+
1001|0x0*[dD]1|faulty_go_wrong .*faulty\.c:[0-9]+
1003|SIGSEGV at address|faulty_overflow .*faulty\.c:[0-9]+
1006|stuck callback \(1 s without a poll point\)|faulty_spin .*faulty\.c:[0-9]+
TABLE
