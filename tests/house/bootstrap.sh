#!/bin/sh
# scripts/bootstrap.sh, branch by branch, with a pretended apt-get, sudo and id in front of PATH.
# Each case asserts the exit status, whether apt-get was called and with what, and the line that a
# person would be told to type. Never touches the machine's own packages.
set -u

root=$(CDPATH='' cd -- "$(dirname -- "$0")/../.." && pwd)
# The space is on purpose: every path below holds one.
scratch=$(mktemp -d "${TMPDIR:-/tmp}/boot strap.XXXXXX") || exit 1
trap 'rm -rf "$scratch"' EXIT INT TERM
failures=0
mkdir -p "$scratch/tree/scripts" "$scratch/bin" "$scratch/none"
cp "$root/scripts/bootstrap.sh" "$scratch/tree/scripts/"

fake() { # name, body
    printf '#!/bin/sh\n%s\n' "$2" >"$scratch/bin/$1"
    chmod +x "$scratch/bin/$1"
}

# Only these of the real ones are to be seen, so that "no sudo" and "no apt-get" can be had.
for tool in sh dirname awk sed tr env printf cat chmod rm true; do
    for folder in /usr/bin /bin; do
        [ ! -x "$folder/$tool" ] || ln -sf "$folder/$tool" "$scratch/none/$tool"
    done
done

fake_apt='
printf "%s\n" "$*" >>"$SCRATCH/apt.log"
case " $* " in
*" --print-uris "*)
    [ ! -e "$SCRATCH/no lists" ] || exit 100
    case " $* " in *" offered-by-nobody "*) exit 100 ;; esac
    echo "'"'http://x/a.deb' a.deb 1500000 SHA256:0"'"
    echo "'"'http://x/b.deb' b.deb 500000 SHA256:0"'"
    exit 0 ;;
*" update "*) rm -f "$SCRATCH/no lists"; exit 0 ;;
esac
[ ! -e "$SCRATCH/broken" ] || exit 100
[ ! -e "$SCRATCH/empty handed" ] || exit 0
for word; do
    case "$word" in sp-*) : >"$SCRATCH/bin/$word"; chmod +x "$SCRATCH/bin/$word" ;; esac
done'

# Starts a case on fresh ground: who (root, user), how sudo behaves (none, silent, asks), system.
begin() { # name who sudo system
    name=$1
    rm -rf "$scratch/bin" "$scratch/apt lists"
    mkdir "$scratch/bin" "$scratch/apt lists"
    : >"$scratch/apt lists/deb.example_dists_main_binary-amd64_Packages.lz4"
    rm -f "$scratch/apt.log" "$scratch/sudo.log" "$scratch/no lists" "$scratch/broken" \
        "$scratch/empty handed"
    DEPS=
    fake apt-get "$fake_apt"
    if [ "$2" = root ]; then fake id 'echo 0'; else fake id 'echo 1000'; fi
    case "$3" in
    silent) fake sudo 'echo "$*" >>"$SCRATCH/sudo.log"; [ "$1" = -n ] && shift; exec "$@"' ;;
    asks) fake sudo 'echo "$*" >>"$SCRATCH/sudo.log"; [ "$1" = -n ] && exit 1; exec "$@"' ;;
    esac
    case "$4" in
    debian) printf 'NAME="Debian"\nID=debian\n' ;;
    ubuntu) printf 'ID=ubuntu\nID_LIKE=debian\n' ;;
    mint) printf 'ID=linuxmint\nID_LIKE="ubuntu debian"\n' ;;
    fedora) printf 'ID=fedora\n' ;;
    esac >"$scratch/os-release"
    cat >"$scratch/packages.txt" <<'LIST'
# comment
here       | build    | program:sh        | is there
sp-build   | build    | program:sp-build  | a thing to build with
sp-run     | run      | program:sp-run    | a thing to run with
sp-test    | test     | program:sp-test   | a thing to test with
sp-large   | optional | program:sp-large  | a large thing
LIST
}

have() { # packages that are there
    for tool; do fake "$tool" 'exit 0'; done
}

call() { # level
    SCRATCH=$scratch DEPS=$DEPS STORPORT_PACKAGES=$scratch/packages.txt \
        STORPORT_OS_RELEASE=$scratch/os-release STORPORT_APT_LISTS="$scratch/apt lists" PATH="$scratch/bin:$scratch/none" \
        sh "$scratch/tree/scripts/bootstrap.sh" "$1" >"$scratch/out" 2>&1 <&-
    status=$?
    touch "$scratch/apt.log"
}

wrong() {
    echo "FAIL $name: $*"
    sed 's/^/    | /' "$scratch/out"
    failures=$((failures + 1))
}

expect_status() { [ "$status" = "$1" ] || wrong "exit status $status, not $1"; }
expect_no_apt() { [ ! -s "$scratch/apt.log" ] || wrong "apt-get was called: $(cat "$scratch/apt.log")"; }
expect_apt() { grep -qxF -- "$1" "$scratch/apt.log" || wrong "apt-get was not called with: $1: $(cat "$scratch/apt.log")"; }
expect_line() { grep -qxF -- "$1" "$scratch/out" || wrong "line missing: $1"; }
expect_silence() { [ ! -s "$scratch/out" ] || wrong "something was printed"; }
expect_before() { # text, text: the first is printed or logged before the second
    first=$(grep -nF -- "$1" "$3" | head -1 | cut -d: -f1)
    second=$(grep -nF -- "$2" "$3" | head -1 | cut -d: -f1)
    [ -n "$first" ] && [ -n "$second" ] && [ "$first" -lt "$second" ] || wrong "'$1' is not before '$2'"
}

words='-o DPkg::Lock::Timeout=120 -o Dpkg::Use-Pty=0'
install="$words install -y -qq --no-install-recommends"

begin 'all there' user none debian
have sp-build sp-run
call run; expect_status 0; expect_no_apt; expect_silence

begin 'all there, tests too' root none debian
have sp-build sp-run sp-test
call check; expect_status 0; expect_no_apt; expect_silence

begin 'root' root none debian
call run; expect_status 0
expect_apt "$install sp-build sp-run"
expect_line 'Installing: 2 packages, 2.0 MB to download.'
expect_before '--print-uris' "$install" "$scratch/apt.log"

begin 'root, check takes the tests along, all takes everything' root none ubuntu
call check; expect_status 0; expect_apt "$install sp-build sp-run sp-test"
call all; expect_status 0; expect_apt "$install sp-large"

begin 'a derivative' root none mint
call run; expect_status 0; expect_apt "$install sp-build sp-run"

begin 'root, no package lists yet' root none debian
: >"$scratch/no lists"
call run; expect_status 0
expect_before 'update -qq' "$install" "$scratch/apt.log"

begin 'root, package lists are there' root none debian
call run; ! grep -q update "$scratch/apt.log" || wrong 'apt-get update was called for nothing'

begin 'root, one wanted package that nobody offers' root none debian
sed -i 's/^sp-test /offered-by-nobody /' "$scratch/packages.txt"
call check; expect_status 0; expect_apt "$install sp-build sp-run"

begin 'root, the package manager fails' root none debian
: >"$scratch/broken"
call run; expect_status 3
expect_line 'apt-get install -y --no-install-recommends sp-build sp-run'

begin 'root, installed and still not found' root none debian
: >"$scratch/empty handed"
call run; expect_status 3

begin 'user, sudo that does not ask' user silent debian
call run; expect_status 0
expect_apt "$install sp-build sp-run"
grep -q -- '^-n env DEBIAN_FRONTEND=noninteractive apt-get' "$scratch/sudo.log" || wrong 'not by sudo -n'

begin 'user, sudo that asks, no terminal' user asks debian
call run; expect_status 3; expect_no_apt
expect_line 'sudo apt-get install -y --no-install-recommends sp-build sp-run'

begin 'user, no sudo' user none debian
call run; expect_status 3; expect_no_apt
expect_line "su -c 'apt-get install -y --no-install-recommends sp-build sp-run'"

begin 'user, no sudo, no package lists yet' user none debian
rm "$scratch/apt lists/"*
call run; expect_status 3; expect_no_apt
expect_line "su -c 'apt-get update && apt-get install -y --no-install-recommends sp-build sp-run'"

begin 'user, sudo that asks, no terminal, no package lists yet' user asks debian
rm "$scratch/apt lists/"*
call run; expect_status 3; expect_no_apt
expect_line 'sudo apt-get update && sudo apt-get install -y --no-install-recommends sp-build sp-run'

begin 'user, only tests miss their peers' user none debian
have sp-build sp-run
call check; expect_status 0; expect_no_apt
expect_line "su -c 'apt-get install -y --no-install-recommends sp-test'"
expect_line 'Going on without; tests that need these are skipped.'

begin 'DEPS=none as root' root none debian
DEPS=none
call run; expect_status 3; expect_no_apt
expect_line 'apt-get install -y --no-install-recommends sp-build sp-run'

begin 'DEPS=none, all there' root none debian
have sp-build sp-run
DEPS=none
call run; expect_status 0; expect_no_apt; expect_silence

begin 'DEPS=skip' user none fedora
DEPS=skip
call run; expect_status 0; expect_no_apt; expect_silence

begin 'another distribution' root none fedora
call run; expect_status 3; expect_no_apt
grep -q 'sp-build .*program sp-build: a thing to build with' "$scratch/out" || wrong 'list of programs missing'
grep -q 'neither Debian nor Ubuntu' "$scratch/out" || wrong 'reason missing'

begin 'another distribution, all there' user none fedora
have sp-build sp-run
call run; expect_status 0; expect_no_apt; expect_silence

begin 'wrong usage' root none debian
call nonsense; expect_status 2; expect_no_apt

# With a terminal sudo may ask; script(1) gives one where the machine has pseudo-terminals.
if script -qec true /dev/null >/dev/null 2>&1 </dev/null; then
    begin 'user, sudo that asks, a terminal' user asks debian
    cat >"$scratch/call.sh" <<INNER
SCRATCH='$scratch' STORPORT_PACKAGES='$scratch/packages.txt' STORPORT_OS_RELEASE='$scratch/os-release' STORPORT_APT_LISTS='$scratch/apt lists' \
PATH='$scratch/bin:$scratch/none' sh '$scratch/tree/scripts/bootstrap.sh' run
INNER
    script -qec "sh '$scratch/call.sh'" /dev/null >"$scratch/out" 2>&1 </dev/null
    status=$?
    touch "$scratch/apt.log"
    expect_status 0; expect_apt "$install sp-build sp-run"
    grep -q '^env DEBIAN_FRONTEND=noninteractive apt-get' "$scratch/sudo.log" || wrong 'not by sudo'
fi

# The real list: five columns' worth in each row, known groups and probes.
awk -F'|' '/^#/ || /^$/ { next }
    NF != 4 || $2 !~ /^ *(build|run|test|optional) *$/ || $3 !~ /^ *(program|header|file):[^ ]/ {
        print "FAIL packages.txt: " $0; bad = 1 }
    END { exit bad }' "$root/scripts/packages.txt" || failures=$((failures + 1))

[ "$failures" = 0 ] || { echo "$failures failures"; exit 1; }
echo "bootstrap: all branches behave"
