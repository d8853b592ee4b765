#!/bin/bash
# Builds a clone of this tree with clang, in a folder whose name holds a space, and serves a disk from
# there: one more compiler and one more kind of path.
. "$(dirname -- "$0")/common.sh"

make_scratch
git clone -q . "$scratch/open storport"
cd -- "$scratch/open storport"
./scripts/build.sh clang
./tests/house/smoke.sh build-clang
