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
