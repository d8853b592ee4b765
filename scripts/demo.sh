#!/bin/bash
# make demo: a miniport with a planted bug loses a request under a simulated load. Shows the report
# and that the seed alone brings the identical trace back. Progress goes to stderr; stdout is the same
# on every machine.
. "$(dirname -- "$0")/common.sh"

build=${DEMO_BUILT:-}
if [ -z "$build" ]; then
    build=build
    ./scripts/bootstrap.sh run >&2
    ./scripts/build.sh dev >&2 || die "The build failed."
fi
make_scratch
echo '$ storport hunt lost          # drivers/lost/lost.c, seeds 1, 2, 3, …'
status=0
"$build/storport" hunt lost >"$scratch/hunt" 2>"$scratch/errors" </dev/null || status=$?
[ "$status" = 1 ] || { cat "$scratch/errors" >&2; die "No seed lost a request."; }
cat "$scratch/hunt"
seed=$(sed -n 's/^Again: storport replay .* \([0-9]*\)$/\1/p' "$scratch/hunt")
[ -n "$seed" ] || die "The report names no seed."
echo
echo "\$ storport replay --miniport lost $seed | diff - the-report-above && echo identical"
"$build/storport" replay --miniport lost "$seed" >"$scratch/replay" </dev/null || die "The replay failed."
grep -v '^Again: ' "$scratch/hunt" | diff - "$scratch/replay" >&2 || die "The replay differs."
"$build/storport" replay --trace --miniport lost "$seed" >"$scratch/trace1" </dev/null
"$build/storport" replay --trace --miniport lost "$seed" >"$scratch/trace2" </dev/null
cmp "$scratch/trace1" "$scratch/trace2" >&2 || die "The traces differ."
echo identical
