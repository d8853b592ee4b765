#!/bin/bash
# scripts/sanitize.sh asan|tsan [ctest arguments]: builds under the sanitizer and runs the tests that
# it has something to say about: all but the tree's own under asan, units and storms of threads under tsan.
. "$(dirname -- "$0")/common.sh"

kind=${1:?usage: sanitize.sh asan|tsan}
shift
seeds=${STORPORT_SEEDS:-100}
case "$kind" in
asan) select=(-LE '^(soak|house|bench|no-asan)$') ;;
tsan) select=(-L '^(unit|stress|threads)$' -LE '^(soak|no-tsan)$') ;;
*) die "usage: sanitize.sh asan|tsan" ;;
esac
LEVEL=check ./scripts/build.sh "$kind" "-DSTORPORT_SEEDS=$seeds"

step "Testing under $kind with $seeds seeds"
export STORPORT_SEEDS=$seeds
export ASAN_OPTIONS=${ASAN_OPTIONS:-detect_stack_use_after_return=0:abort_on_error=0}
export UBSAN_OPTIONS=${UBSAN_OPTIONS:-print_stacktrace=1:halt_on_error=1}
export TSAN_OPTIONS=${TSAN_OPTIONS:-second_deadlock_stack=1:halt_on_error=1}
ctest --test-dir "build-$kind" --output-on-failure --no-tests=error -j 2 "${select[@]}" "$@"
