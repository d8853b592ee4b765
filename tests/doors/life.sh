#!/bin/bash
# How `storport run` begins and ends: statuses, the socket's mode, nothing left behind.
. "$(dirname -- "$0")/door.sh"
need nbdkit nbdinfo nbdcopy
export TMPDIR=$scratch XDG_RUNTIME_DIR=$scratch

left() {
    [ -z "$(find "$scratch" -name 'storport.*')" ] || die "$1: left $(find "$scratch" -name 'storport.*')"
}

got=0
"$storport" run ramdisk --option SizeMB=4 -- sh -c 'exit 23' || got=$?
[ "$got" = 23 ] || die "a command's 23 became $got"
left "after a command"
got=0
"$storport" run ramdisk --option SizeMB=4 -- sh -c 'kill -9 $$' || got=$?
[ "$got" = 137 ] || die "a killed command's status is $got"
left "after a killed command"

# $uri in words of their own, in a line for the shell, and in the environment.
serve=("$storport" run ramdisk --option SizeMB=4 --)
[ "$("${serve[@]}" nbdinfo --size '$uri')" = 4194304 ] || die 'a word $uri'
[ "$("${serve[@]}" sh -c 'nbdinfo --size "$uri"')" = 4194304 ] || die 'the variable $uri'
[ "$("${serve[@]}" 'nbdinfo --size "$uri" | cat')" = 4194304 ] || die 'a line for the shell'
[ "$("${serve[@]}" printf '%s' '$urina')" = '$urina' ] || die 'a word that only begins like $uri'

# A socket of mode 0600; Ctrl-C drains, flushes and ends with 0; the socket goes away.
"$storport" run ramdisk --option SizeMB=4 --export "nbd:unix=$scratch/a b.sock" >"$scratch/out" &
pid=$!
trap 'kill "$pid" 2>/dev/null || true; rm -rf -- "$scratch"' EXIT
for _ in $(seq 100); do
    [ ! -s "$scratch/out" ] || break
    sleep 0.1
done
uri=$(head -1 "$scratch/out")
[ "$uri" = "nbd+unix:///?socket=${scratch}/a%20b.sock" ] || die "uri $uri"
[ "$(stat -c %a "$scratch/a b.sock")" = 600 ] || die "mode $(stat -c %a "$scratch/a b.sock")"
[ "$(nbdinfo --size "$uri")" = 4194304 ] || die "size"
got=0
"$storport" run ramdisk --export "nbd:unix=$scratch/a b.sock" 2>"$scratch/said" || got=$?
[ "$got" = 1 ] && grep -q 'in use.*end what serves there' "$scratch/said" || die "in use: $got"
kill -INT "$pid"
got=0
wait "$pid" || got=$?
[ "$got" = 0 ] || die "Ctrl-C ends with $got"
[ ! -e "$scratch/a b.sock" ] || die "the socket is still there"
left "after Ctrl-C"

# A socket file that a killed server left is no obstacle.
python3 -c 'import socket, sys; socket.socket(socket.AF_UNIX).bind(sys.argv[1])' "$scratch/stale.sock"
size=$("$storport" run ramdisk --option SizeMB=4 --export "nbd:unix=$scratch/stale.sock" -- \
    nbdinfo --size '$uri') || die "a stale socket stands in the way"
[ "$size" = 4194304 ] || die "size $size"
[ ! -e "$scratch/stale.sock" ] || die "the socket stays"

# TCP is on the loopback address only.
"$storport" run ramdisk --option SizeMB=4 --export nbd:0 -- sh -c '
    case "$uri" in nbd://127.0.0.1:*) ;; *) exit 1 ;; esac
    [ "$(nbdinfo --size "$uri")" = 4194304 ]' || die "TCP"

# In process: prints the units, waits, ends with 0.
"$storport" run ramdisk --option SizeMB=4 >"$scratch/out" &
pid=$!
for _ in $(seq 100); do
    ! grep -q Ctrl-C "$scratch/out" || break
    sleep 0.1
done
grep -q '^0\.0\.0\.0 .*4194304 bytes, queue depth' "$scratch/out" || die "$(cat "$scratch/out")"
kill -TERM "$pid"
got=0
wait "$pid" || got=$?
[ "$got" = 0 ] || die "in process: TERM ends with $got"
left "at the end"
