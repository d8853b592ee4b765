#!/bin/bash
# Configures a preset and builds it: scripts/build.sh PRESET [-DNAME=VALUE …]
# The build folder is build for dev, build-PRESET for the others.
. "$(dirname -- "$0")/common.sh"

preset=${1:?usage: build.sh PRESET [-DNAME=VALUE ...]}
shift
folder=build
[ "$preset" = dev ] || folder=build-$preset
level=${LEVEL:-run}
[ "$preset" != clang ] || level=all
./scripts/bootstrap.sh "$level"

step "Configuring ($preset)"
# The lines that matter: what was found, what is off for want of it. All of it on failure.
log=$(mktemp)
trap 'rm -f -- "$log"' EXIT
if ! cmake --preset "$preset" "$@" >"$log" 2>&1; then
    cat "$log"
    exit 1
fi
grep -E '^-- .*(not found|: (file|the|JSON))' "$log" || true

step "Building in $folder"
cmake --build "$folder" ${JOBS:+-j "$JOBS"}
