#!/bin/bash
# Installed into a prefix, everything still finds everything: the example builds outside the tree
# with pkg-config, the command finds driver, plugin and library, a driver builds against the headers.
. "$(dirname -- "$0")/door.sh"
need cmake pkg-config cc

[ -z "$sanitizer" ] || {
    echo "skip: this build has sanitizers, which a program outside has not"
    exit 77
}
prefix=$scratch/prefix
cmake --install "$build" --prefix "$prefix" >"$scratch/log" 2>&1 || die "$(tail -20 "$scratch/log")"
lib=$(dirname "$(find "$prefix" -name libstorport.so.0)")
# The prefix of the build's configuration is another one: pkg-config is told.
export PKG_CONFIG_PATH=$lib/pkgconfig
flags=$(pkg-config --define-prefix --cflags --libs storport) || die "storport.pc"
cp "$top/examples/hello-host.c" "$scratch/"
# shellcheck disable=SC2086
cc -Wall -Wextra -Werror "$scratch/hello-host.c" $flags -Wl,-rpath,"$lib" -o "$scratch/hello-host" ||
    die "hello-host does not build"
out=$(cd / && "$scratch/hello-host") || die "hello-host: $out"
grep -q '^Hello from a Storport miniport' <<<"$out" || die "hello-host says: $out"

# A driver, against the installed headers and nothing else.
wdk=$(pkg-config --define-prefix --variable=wdkincludedir storport)
cc -shared -fPIC -fshort-wchar -O2 -g -I"$wdk" "$here/faulty.c" -o "$scratch/outside.so" ||
    die "a driver does not build against the installed headers"
"$prefix/bin/storport" info "$scratch/outside.so" >"$scratch/out" || die "a driver from outside"
grep -q '^adapter 0, driver outside' "$scratch/out" || die "$(cat "$scratch/out")"

"$prefix/bin/storport" info ramdisk >"$scratch/out" || die "the installed command"
grep -q '^unit 0\.0\.0\.0' "$scratch/out" || die "$(cat "$scratch/out")"
! readelf -d "$prefix/bin/storport" "$lib"/libstorport.so.0 "$lib"/nbdkit/plugins/*.so 2>/dev/null |
    grep -i -E 'r(un)?path' | grep -F "$build" || die "an installed file looks into the build folder"
if command -v nbdkit >/dev/null && command -v nbdinfo >/dev/null; then
    size=$("$prefix/bin/storport" run ramdisk --option SizeMB=4 -- nbdinfo --size '$uri')
    [ "$size" = 4194304 ] || die "the installed plugin: $size"
fi
if command -v man >/dev/null && command -v mandoc >/dev/null; then
    mandoc "$prefix"/share/man/man1/storport.1 >"$scratch/page"
    grep -q 'STORPORT(1)' "$scratch/page" || die "the installed page"
fi
