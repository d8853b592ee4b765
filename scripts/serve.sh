#!/bin/bash
# make serve: the disk of make run, served until Ctrl-C, which drains and flushes before it ends.
# IMAGE=path serves an image of yours instead (it is written to); SOCKET=path says where.
. "$(dirname -- "$0")/common.sh"

./scripts/build.sh dev
STORPORT=$(find_storport build)
make_scratch
image=${IMAGE:-$scratch/disk.img}
socket=${SOCKET:-$scratch/nbd.sock}
if [ -z "${IMAGE:-}" ]; then
    step "Making a disk image"
    ./scripts/make-image.sh "$image"
fi
address=$socket
address=${address// /%20}

step "Serving $image through the filedisk miniport"
cat <<TEXT
    nbd+unix:///?socket=$address

Try, in another terminal:
    nbdinfo  'nbd+unix:///?socket=$address'
    nbdcopy  'nbd+unix:///?socket=$address' copy.img
    fio --name=try --ioengine=nbd --uri='nbd+unix:///?socket=$address' --rw=randread --runtime=5
    qemu-img info 'nbd+unix:///?socket=$address'
Ctrl-C ends it.
TEXT
# Not exec: the scratch folder is this script's to remove. Ctrl-C reaches both; the program drains.
trap : INT TERM
status=0
"$STORPORT" run filedisk --option "Image=$image" --export "nbd:unix=$socket" || status=$?
step "Drained and flushed (status $status)"
exit "$status"
