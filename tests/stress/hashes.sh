#!/bin/bash
# hashes.sh BUILD-FOLDER: a seed's trace is the same whatever ran before it and wherever. Random seeds,
# each alone, in a batch, in the batch reversed, in other processes with other memory, and under
# AddressSanitizer when STORPORT_ASAN_BUILD names such a build folder. At last it runs one of them with
# another driver, which must be told apart: a comparison that cannot fail says nothing.
set -euo pipefail
build=$(cd -- "${1:?usage: $0 BUILD-FOLDER}" && pwd)
count=100
start=${STORPORT_SEED:-$(($(od -An -N6 -tu8 /dev/urandom)))}
scratch=$(mktemp -d "${TMPDIR:-/tmp}/hashes.XXXXXX")
trap 'rm -rf -- "$scratch"' EXIT
[ -x "$build/tests/stress/soak" ] || {
    echo "FAIL: no soak in $build: build first" >&2
    exit 1
}

# "seed hash" of every seed, in the order of the seeds.
batch() { # name, folder, arguments of soak…
    local name=$1 folder=$2
    shift 2
    (cd "$folder" && "${runner[@]}" tests/stress/soak --seed-list --start "$start" --seeds "$count" \
        "$@") >"$scratch/raw" || {
        cat "$scratch/raw"
        echo "FAIL: $name: soak ended with status $?"
        exit 1
    }
    sort -n "$scratch/raw" >"$scratch/$name"
}
runner=(env)

differ() { # name: compares with the first batch, tells the first difference
    [ "$(wc -l <"$scratch/$1")" = "$count" ] || {
        echo "$1: $(wc -l <"$scratch/$1") seeds instead of $count"
        return 0
    }
    cmp -s "$scratch/batch" "$scratch/$1" && return 1
    echo "$1: seeds whose trace differs (first: here, there):"
    diff "$scratch/batch" "$scratch/$1" | sed -n '2p;/^>/{p;q}' || true
}

failed=0
same() {
    if differ "$1"; then
        failed=1
    else
        printf '%-10s %d seeds from %d: same traces\n' "$1" "$count" "$start"
    fi
}

batch batch "$build" --jobs 1
[ "$(cut -d' ' -f2 "$scratch/batch" | sort -u | wc -l)" -gt $((count / 2)) ] || {
    echo "FAIL: different seeds give the same trace"
    exit 1
}
batch reversed "$build" --jobs 1 --reverse
same reversed
batch again "$build" --jobs 3
same again
# Fresh and freed memory holds something else, and so do the stack and the environment.
runner=(env -i "PADDING=$(printf '%*s' 5000 '')" MALLOC_PERTURB_=165)
batch perturbed "$build" --jobs 2
same perturbed
runner=(env)

for ((seed = start; seed < start + count; seed++)); do
    (cd "$build" && tests/stress/soak --one "$seed")
done | sed -n 's/^seed \([0-9]*\): trace \([0-9a-f]*\),.*/\1 \2/p' >"$scratch/alone"
same alone

if [ -n "${STORPORT_ASAN_BUILD-}" ]; then
    batch sanitized "$STORPORT_ASAN_BUILD" --jobs 2
    same sanitized
fi

batch planted "$build" --driver tests/stress/storm-explore.so
if ! differ planted >/dev/null; then
    echo "FAIL: another driver was not told apart"
    failed=1
fi
[ "$failed" = 0 ] || echo "again: STORPORT_SEED=$start $0 $1"
exit "$failed"
