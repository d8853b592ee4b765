# Sourced by the scripts beside it, with the build folder as $1. Gives: $build, $storport, $plugin,
# $scratch (goes away), need PROGRAM… (skips), die, expect. Assumes nothing of the caller's folder.
set -euo pipefail
here=$(cd -- "$(dirname -- "${BASH_SOURCE[0]}")" && pwd)
top=$here/../..
build=$(cd -- "${1:?usage: $0 BUILD-FOLDER}" && pwd)
storport=$build/storport
plugin=$build/nbdkit-storport-plugin.so

die() {
    printf 'FAIL: %s\n' "$*" >&2
    exit 1
}

need() {
    local program
    for program; do
        command -v "$program" >/dev/null || {
            echo "skip: no $program here"
            exit 77
        }
    done
}

# Built with a sanitizer? Then its runtime must come first in programs that are not.
sanitizer=$(ldd "$storport" | awk '/lib[at]san/ { print $3; exit }')
nbdkit() {
    if [ -n "$sanitizer" ]; then
        LD_PRELOAD=$sanitizer ASAN_OPTIONS=${ASAN_OPTIONS-}:detect_leaks=0 command nbdkit "$@"
    else
        command nbdkit "$@"
    fi
}

# Names of disks to serve, one case per line: "name|miniport and options". filedisk only once there.
disks() { # size in MiB
    echo "ramdisk|ramdisk --option SizeMB=$1"
    if [ -e "$build/drivers/filedisk.so" ]; then
        rm -f "$scratch/disk.img"
        truncate -s "$1M" "$scratch/disk.img"
        echo "filedisk|filedisk --option Image=$scratch/disk.img"
    fi
}

scratch=$(mktemp -d "${TMPDIR:-/tmp}/doors.XXXXXX")
trap 'rm -rf -- "$scratch"' EXIT
[ -x "$storport" ] || die "no $storport: build first"
