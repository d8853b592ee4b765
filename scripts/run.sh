#!/bin/bash
# make run: a disk image served through the filedisk miniport, looked at, copied out by an ordinary
# NBD client and compared byte for byte. Everything it makes besides the build folder goes away.
. "$(dirname -- "$0")/common.sh"

# The second half: runs beside the server, which has put the address of the disk into $uri.
if [ "${1-}" = client ]; then
    step "The disk, as any NBD client sees it"
    nbdinfo "$uri"
    step "What the port driver knows about it"
    "$STORPORT" info
    step "Copying it out with nbdcopy"
    nbdcopy "$uri" "$COPY"
    exit 0
fi

./scripts/build.sh dev
STORPORT=$(find_storport build)
make_scratch
export STORPORT COPY=$scratch/copy.img

step "Making a disk image: an ext4 file system with several hundred files"
./scripts/make-image.sh "$scratch/disk.img"

step "Starting the filedisk miniport on it and serving its disk"
"$STORPORT" run filedisk --option "Image=$scratch/disk.img" -- "$PWD/scripts/run.sh" client

step "Comparing the copy with the image"
cmp "$scratch/disk.img" "$COPY"
e2fsck -fn "$COPY" 2>/dev/null || die "The copy is no sound file system."
printf '\nThe copy is the image, byte for byte (%s bytes). All is well.\n' "$(stat -c %s "$COPY")"
