#!/bin/bash
# scripts/make-image.sh IMAGE: an ext4 file system of 48 MiB with several hundred files, made
# without root. The files are generated, the same each time, so that they do not depend on the tree.
. "$(dirname -- "$0")/common.sh"

image=${1:?usage: make-image.sh IMAGE}
case "$image" in /*) ;; *) image=$OLDPWD/$image ;; esac
make_scratch

for shelf in $(seq -w 1 20); do
    mkdir -p "$scratch/files/shelf-$shelf"
    for volume in $(seq -w 1 25); do
        # 25 sizes from a few bytes to about 100 kB, none a multiple of a block.
        seq "$((10#$shelf * 1000))" "$((10#$shelf * 1000 + 10#$volume * 10#$volume * 25))" \
            >"$scratch/files/shelf-$shelf/volume-$volume.txt"
    done
done
: >"$scratch/files/empty"
ln -s shelf-01/volume-01.txt "$scratch/files/first"

rm -f -- "$image"
mke2fs -q -F -t ext4 -b 1024 -L storport -E root_owner=0:0 -d "$scratch/files" "$image" 48M >/dev/null
printf '%s\n' "$(find "$scratch/files" -type f | wc -l) files, $(du -h --apparent-size "$image" | cut -f1)"
