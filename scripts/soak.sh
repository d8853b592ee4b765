#!/bin/bash
# make soak: the storm with 10,000 seeds and every mutant within as many, in sim; then the same storm
# with real threads under ThreadSanitizer.
. "$(dirname -- "$0")/common.sh"

seeds=${STORPORT_SEEDS:-10000}
LEVEL=check ./scripts/build.sh dev "-DSTORPORT_SEEDS=$seeds"

step "The storm and its mutants, $seeds seeds"
export STORPORT_SEEDS=$seeds
ctest --test-dir build --verbose --no-tests=error -L '^(stress|mutants|soak)$' --timeout 7200 "$@"

STORPORT_SEEDS=500 ./scripts/sanitize.sh tsan "$@"
