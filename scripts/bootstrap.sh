#!/bin/sh
# Makes sure that what the tree needs is there, and calls the package manager only when it is not.
#
#   scripts/bootstrap.sh run | check | all
#
# run: groups build and run of packages.txt. check: the same, and test as far as it can be had.
# all: everything. Exit status: 0 it is there; 3 something needed is missing, nothing was changed
# (or the package manager failed) and the one line to type has been printed; 2 wrong usage.
#
# DEPS=none never installs; DEPS=skip does not even look.
# For tests: STORPORT_PACKAGES, STORPORT_OS_RELEASE and STORPORT_APT_LISTS name other files and another
# folder than the usual ones.
set -u

here=$(CDPATH='' cd -- "$(dirname -- "$0")" && pwd) || exit 2
packages_file=${STORPORT_PACKAGES:-$here/packages.txt}
os_release=${STORPORT_OS_RELEASE:-/etc/os-release}
apt_lists=${STORPORT_APT_LISTS:-/var/lib/apt/lists}
# mke2fs and its like live where an ordinary user's PATH does not look.
PATH=$PATH:/usr/sbin:/sbin
export PATH

say() {
    printf '%s\n' "$*"
}

complain() {
    printf '%s\n' "$*" >&2
}

case "${1-}" in
run) needed='build run' wanted='' ;;
check) needed='build run' wanted='test' ;;
all) needed='build run test optional' wanted='' ;;
*)
    complain "usage: bootstrap.sh run|check|all"
    exit 2
    ;;
esac
[ "${DEPS:-}" != skip ] || exit 0

in_list() { # word list
    case " $2 " in *" $1 "*) return 0 ;; esac
    return 1
}

header_is_there() {
    for folder in /usr/include /usr/local/include; do
        [ ! -e "$folder/$1" ] || return 0
    done
    # Somewhere else that the compiler knows of (CPATH, another prefix, a multiarch folder).
    command -v g++ >/dev/null 2>&1 &&
        printf '#if !__has_include(<%s>)\n#error\n#endif\n' "$1" |
        g++ -E -x c++ - >/dev/null 2>&1
}

is_there() { # probe
    case "$1" in
    program:*) command -v "${1#program:}" >/dev/null 2>&1 ;;
    header:*) header_is_there "${1#header:}" ;;
    file:*)
        # The pattern is ours and holds no space; the shell expands it.
        for match in ${1#file:}; do
            [ ! -e "$match" ] || return 0
        done
        return 1
        ;;
    *) return 1 ;;
    esac
}

# Sets missing_needed, missing_wanted (packages) and missing_text (for people).
look() {
    missing_needed='' missing_wanted='' missing_text=''
    while IFS='|' read -r package group probe purpose; do
        package=$(echo $package) group=$(echo $group) probe=$(set -f; echo $probe)
        case "$package" in '' | '#'*) continue ;; esac
        in_list "$group" "$needed $wanted" || continue
        is_there "$probe" && continue
        if in_list "$group" "$needed"; then
            missing_needed="$missing_needed $package"
        else
            missing_wanted="$missing_wanted $package"
        fi
        missing_text="$missing_text
  $(printf '%-22s %-9s %s' "$package" "($group)" "${probe%%:*} ${probe#*:}: ${purpose# }")"
    done <"$packages_file"
}

look
[ -n "$missing_needed$missing_wanted" ] || exit 0

missing=$(echo $missing_needed $missing_wanted)
say "Not on this machine yet:$missing_text"

# What is only wanted never stops the work: its tests are skipped.
give_up() {
    if [ -n "$missing_needed" ]; then
        exit 3
    fi
    say "Going on without; tests that need these are skipped."
    exit 0
}

is_debian() {
    [ -r "$os_release" ] || return 1
    ids=$(sed -n -e 's/^ID=//p' -e 's/^ID_LIKE=//p' "$os_release" | tr -d '"' | tr '\n' ' ')
    in_list debian "$ids" || in_list ubuntu "$ids"
}

if ! is_debian || ! command -v apt-get >/dev/null 2>&1; then
    complain "This is neither Debian nor Ubuntu: install the programs and headers listed above"
    complain "(the first column is the name of the Debian package), then run this again."
    give_up
fi

# The line for a person to type. A fresh machine has no package lists; then they come first.
install_words="apt-get install -y --no-install-recommends $missing"
update_words=
for list in "$apt_lists"/*Packages*; do
    [ -e "$list" ] || update_words='apt-get update && '
done
is_root=no
if [ "$(id -u)" = 0 ]; then
    is_root=yes
    one_line=$update_words$install_words
elif command -v sudo >/dev/null 2>&1; then
    one_line="${update_words:+sudo $update_words}sudo $install_words"
else
    one_line="su -c '$update_words$install_words'"
fi

if [ "${DEPS:-}" = none ]; then
    complain "DEPS=none: nothing is installed. The command would be:"
    complain "$one_line"
    give_up
fi

# How this user becomes root, if at all.
as_root=
if [ "$is_root" = yes ]; then
    as_root=env
elif command -v sudo >/dev/null 2>&1 && sudo -n true >/dev/null 2>&1 </dev/null; then
    as_root='sudo -n env'
elif command -v sudo >/dev/null 2>&1 && [ -t 0 ] && [ -t 2 ]; then
    say "sudo may ask for your password."
    as_root='sudo env'
else
    complain "Only root can install packages. Type this, then run the same command again:"
    complain "$one_line"
    give_up
fi

apt() {
    $as_root DEBIAN_FRONTEND=noninteractive apt-get -o DPkg::Lock::Timeout=120 -o Dpkg::Use-Pty=0 "$@" </dev/null
}

# The list of files that apt would fetch; sizes are its third column.
plan() {
    LC_ALL=C apt-get install --no-install-recommends --print-uris -qq -y $missing </dev/null 2>/dev/null
}

if ! planned=$(plan); then
    say "Fetching the package lists first (about 10 MB)."
    apt update -qq || complain "apt-get update failed; trying with the lists that are here."
    if ! planned=$(plan) && [ -n "$missing_needed" ] && [ -n "$missing_wanted" ]; then
        # One that is only wanted and that nobody offers must not keep the needed ones away.
        missing=$(echo $missing_needed)
        planned=$(plan) || planned=''
    fi
fi
printf '%s\n' "$planned" | awk '
    $3 ~ /^[0-9]+$/ { count++; bytes += $3 }
    END { printf "Installing: %d packages, %.1f MB to download.\n", count, bytes / 1e6 }'

if ! apt install -y -qq --no-install-recommends $missing; then
    complain "The package manager failed. The command was:"
    complain "$one_line"
    look
    give_up
fi

# A package can be there without what the probe looks for (a diversion, another version).
look
if [ -n "$missing_needed" ]; then
    complain "Installed, but still not found:$missing_text"
    exit 3
fi
exit 0
