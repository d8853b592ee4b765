#!/bin/bash
# make fuzz: each target of tests/fuzz for FUZZ_SECONDS (default 60) with clang's libFuzzer, starting
# from its checked-in corpus. New inputs go to the build folder, never into the tree.
. "$(dirname -- "$0")/common.sh"

./scripts/bootstrap.sh all
seconds=${FUZZ_SECONDS:-60}
mkdir -p build-fuzz
shopt -s nullglob
targets=(tests/fuzz/fuzz_*.c)
[ "${#targets[@]}" -gt 0 ] || die "tests/fuzz holds no fuzz_*.c"
for source in "${targets[@]}"; do
    name=$(basename "$source" .c)
    # The first line of a target says which folders of src it is linked with: "links: rt scsi".
    floors=$(sed -n 's/.*links: *\([a-z ]*\).*/\1/p;' "$source" | head -1)
    includes=(-Iinclude/wdk -Itests) sources=()
    for floor in $floors; do
        includes+=("-Isrc/$floor")
        sources+=(src/"$floor"/*.c)
    done
    step "Fuzzing $name for $seconds s"
    clang -g -O1 -std=gnu11 -D_GNU_SOURCE -fshort-wchar -fsanitize=fuzzer,address,undefined \
        "${includes[@]}" -o "build-fuzz/$name" "$source" "${sources[@]}"
    mkdir -p "build-fuzz/$name.corpus"
    "build-fuzz/$name" -max_total_time="$seconds" -print_final_stats=1 \
        "build-fuzz/$name.corpus" tests/fuzz/corpus/"$name"*/
done
