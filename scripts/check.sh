#!/bin/bash
# make check: one build, every test, 500 seeds. Arguments go to ctest.
. "$(dirname -- "$0")/common.sh"

seeds=${STORPORT_SEEDS:-500}
LEVEL=check ./scripts/build.sh dev "-DSTORPORT_SEEDS=$seeds"

step "Testing with $seeds seeds"
export STORPORT_SEEDS=$seeds
ctest --test-dir build --output-on-failure --no-tests=error --timeout 200 -j 2 -LE '^soak$' "$@"
