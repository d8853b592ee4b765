#!/bin/bash
# make bench: builds and runs what bench/ measures, each beside the bare cost in the same run.
. "$(dirname -- "$0")/common.sh"

./scripts/build.sh dev
step "Measuring"
cmake --build build --target bench
