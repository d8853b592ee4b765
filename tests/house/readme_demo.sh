#!/bin/sh
# scripts/readme-demo.sh on a scratch tree with a pretended demo: what it writes it finds right, and a
# README that shows anything else, or whose markers are gone, it finds wrong.
set -eu

root=$(CDPATH='' cd -- "$(dirname -- "$0")/../.." && pwd)
scratch=$(mktemp -d "${TMPDIR:-/tmp}/readme demo.XXXXXX")
trap 'rm -rf "$scratch"' EXIT
mkdir "$scratch/scripts"
cp "$root/scripts/common.sh" "$root/scripts/readme-demo.sh" "$scratch/scripts/"
cat >"$scratch/scripts/demo.sh" <<'DEMO'
#!/bin/sh
echo 'building' >&2
printf '%s\n' 'request 17 is lost & found \1'
echo '  at stage STARTED'
DEMO
chmod +x "$scratch/scripts/demo.sh"
cd "$scratch"

fresh() {
    printf '# A tree\n\n<!-- demo -->\n<!-- /demo -->\n\nWords after.\n' >README.md
}
wrong() {
    echo "FAIL $*"
    cat README.md
    exit 1
}
check() {
    ./scripts/readme-demo.sh --check build >out 2>&1
}

fresh
! check || wrong 'an empty place passes'
./scripts/readme-demo.sh build
check || wrong 'what was written does not pass'
grep -qxF 'request 17 is lost & found \1' README.md || wrong 'the output is not there as it is'
! grep -q building README.md || wrong 'progress is in the output'
[ "$(tail -1 README.md)" = 'Words after.' ] || wrong 'the rest of the page is gone'
cp README.md once
./scripts/readme-demo.sh build
cmp README.md once || wrong 'writing twice is not writing once'
sed -i 's/STARTED/STARTEX/' README.md
! check || wrong 'a changed word passes'
cp once README.md
sed -i 's/^  at stage/   at stage/' README.md
! check || wrong 'a changed space passes'
fresh
sed -i '/<!-- .demo -->/d' README.md
! check || wrong 'a missing marker passes'
fresh
echo 'exit 1' >>scripts/demo.sh
! check || wrong 'a failing demo passes'
echo 'readme-demo: writes and compares'
