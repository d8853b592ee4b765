#!/bin/bash
# tests/house/smoke.sh BUILD-FOLDER: the program of that build serves a ramdisk and a filedisk, the
# latter on an image whose path holds a space, and ordinary NBD clients read both.
. "$(dirname -- "$0")/../../scripts/common.sh"

storport=$(find_storport "${1:?usage: smoke.sh BUILD-FOLDER}")
for tool in nbdcopy nbdinfo; do
    command -v "$tool" >/dev/null || exit 77
done
make_scratch
mkdir "$scratch/with space"
image="$scratch/with space/disk.img"
head -c 4194304 /dev/urandom >"$image"

"$storport" run filedisk --option "Image=$image" -- sh -c "nbdcopy \"\$uri\" '$scratch/with space/copy.img'"
cmp "$image" "$scratch/with space/copy.img"

# What a client writes comes back.
"$storport" run ramdisk --option SizeMB=8 -- \
    sh -c "nbdcopy '$image' \"\$uri\" && nbdcopy \"\$uri\" '$scratch/back.img'"
cmp -n 4194304 "$image" "$scratch/back.img"

# The status of the command is the status of run.
status=0
"$storport" run ramdisk --option SizeMB=8 -- sh -c 'exit 23' || status=$?
[ "$status" = 23 ] || die "run ended with $status where its command ended with 23"
echo "smoke: ramdisk and filedisk served"
