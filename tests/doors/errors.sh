#!/bin/bash
# What a person reads when something is wrong: one line that says what and how to mend it, and a
# status that is not 0. The table is: status | pattern | arguments.
. "$(dirname -- "$0")/door.sh"
need nbdkit

printf 'MZ\220\0 and so on' >"$scratch/windows.sys"
echo 'no driver' >"$scratch/text.so"
cp "$(type -P true)" "$scratch/program.so"
failed=0
while IFS='|' read -r status pattern arguments; do
    [ -n "$status" ] || continue
    got=0
    # shellcheck disable=SC2086 -- the table's words are meant to split
    eval "\"$storport\" $arguments" >"$scratch/out" 2>"$scratch/err" </dev/null || got=$?
    lines=$(wc -l <"$scratch/err")
    if [ "$got" != "$status" ] || [ "$lines" != 1 ] || ! grep -q -E -- "$pattern" "$scratch/err"; then
        echo "storport $arguments: status $got (want $status), $lines lines (want 1, /$pattern/):" >&2
        cat "$scratch/err" >&2
        failed=1
    fi
done <<'TABLE'
2|no command "frobnicate".*--help|frobnicate
2|name a miniport|run
2|unknown option "--frob".*--help|run ramdisk --frob
2|a value is missing after "--option"|run ramdisk --option
2|"SizeMB=4" is too much; options are written --option SizeMB=4|run ramdisk SizeMB=4
2|--processors 0: a number from 1 to 256|run ramdisk --processors 0
2|--log loud: no such level|run ramdisk --log loud
1|no miniport "ramdsk"; known: .*ramdisk.*path|run ramdsk
1|no miniport "ramdsk"; known: .*ramdisk.*path|run ramdsk -- true
1|ramdisk has no option "SizeMb2"; it takes: .*SizeMB|run ramdisk --option SizeMb2=4
1|SizeMB takes a number, not "many"; write SizeMB=|run ramdisk --option SizeMB=many
1|"SizeMB" is not written KEY=VALUE|run ramdisk --option SizeMB
1|cannot be opened: No such file|run ./not/there.so
1|is a Windows binary; build it from source|run "$scratch/windows.sys"
1|not an ELF shared object|run "$scratch/text.so"
1|has no DriverEntry|run "$scratch/program.so"
1|names no key; write KEY|info ramdisk --reg SizeMB=4
1|has an unknown type; known: sz|info ramdisk --reg 'Services\ramdisk\Parameters\X:blob=4'
1|write nbd:unix=PATH or nbd:PORT|run ramdisk --export nbd:99999
1|no such kind; write nbd:unix=PATH|run ramdisk --export iscsi:1
1|cannot listen at /proc/no/socket: .*name a path|run ramdisk --export nbd:unix=/proc/no/socket
2|write MINIPORT UNIT CDB|scsi ramdisk 0.0.0.0
2|"zz" is no byte of a CDB; write two hex digits|scsi ramdisk 0.0.0.0 zz
1|no unit 9.0.0.0; `storport info ramdisk` lists|scsi ramdisk 9.0.0.0 00 00 00 00 00 00
1|2 bytes are too few for opcode 0x12, which takes 6|scsi ramdisk 0.0.0.0 12 00
1|sends data; name it with --out FILE|scsi ramdisk 0.0.0.0 2a 00 00 00 00 00 00 00 01 00
127|no-such-program cannot be started|run ramdisk -- no-such-program
TABLE
if [ -e "$build/drivers/filedisk.so" ]; then
    truncate -s 4M "$scratch/disk.img"
    got=0
    "$storport" run filedisk --option "Image=$scratch/none.img" -- true 2>"$scratch/err" || got=$?
    [ "$got" = 1 ] && grep -q 'none.img" is not there.*make it first' "$scratch/err" ||
        die "missing image: $got $(cat "$scratch/err")"
    # In use: by a second host on the same image.
    got=0
    "$storport" run filedisk --option "Image=$scratch/disk.img" -- \
        "$storport" info filedisk --option "Image=$scratch/disk.img" >/dev/null 2>"$scratch/err" || got=$?
    [ "$got" = 1 ] && grep -q -i 'in use' "$scratch/err" ||
        die "image in use: $got $(cat "$scratch/err")"
fi
exit "$failed"
