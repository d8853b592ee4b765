# Sourced by the scripts beside it: where the tree is, how a step is announced, where the program is.
# Expects bash; leaves the caller at the top of the tree. No path below may be used unquoted: the
# tree may lie in a folder whose name holds a space.
set -euo pipefail
cd -- "$(dirname -- "${BASH_SOURCE[0]}")/.."
# With stdin closed the next file opened would become it, and nbdkit refuses to start.
[ -e /dev/fd/0 ] || exec </dev/null
# mke2fs and e2fsck live where an ordinary user's PATH does not look.
PATH=$PATH:/usr/sbin:/sbin

step() {
    printf '\n==> %s\n' "$*"
}

die() {
    printf '%s\n' "$*" >&2
    exit 1
}

# The program of a build folder, which may be given from the top of the tree; only there after a build.
find_storport() { # build folder
    local found
    found=$(find "$1" -type f -name storport -perm -u+x -print -quit)
    [ -n "$found" ] || die "There is no storport program in $1: has the build finished?"
    # Absolute, so that the caller may go elsewhere.
    realpath -- "$found"
}

# A scratch folder that goes away with the script.
make_scratch() {
    scratch=$(mktemp -d "${TMPDIR:-/tmp}/storport.XXXXXX")
    trap 'rm -rf -- "$scratch"' EXIT
}
