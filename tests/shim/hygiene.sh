#!/bin/sh
# What the preload library may export, need and run: it is loaded into programs that know nothing of it.
# usage: hygiene.sh libplugboard-preload.so
set -eu
export LC_ALL=C
library=$1
failed=0
fail() {
    echo "shim hygiene: $1"
    failed=1
}

# Names it exports: those of libc that it stands in front of, and no C++.
exported=$(nm -D --defined-only "$library" | awk '{print $3}')
for name in $exported; do
    case $name in
        _Z*) fail "exports the C++ name $name" ;;
    esac
done
allowed=$(dirname "$0")/exports.txt
unexpected=$(echo "$exported" | sort | comm -23 - "$allowed")
[ -z "$unexpected" ] || fail "exports what exports.txt does not list: $unexpected"
missing=$(echo "$exported" | sort | comm -13 - "$allowed")
[ -z "$missing" ] || fail "does not export: $missing"

# Names it needs.
nm -D --undefined-only "$library" | awk '{print $2}' | grep -E '^_Z|^__cxa_(throw|begin|guard|pure)|^__gxx' &&
    fail "needs a C++ runtime"
# scandir() gives memory away; nothing else may allocate.
allocating=$(objdump -d --no-show-raw-insn "$library" |
    awk '/^[0-9a-f]+ </ {name = $2} /(call|jmp) .*<(malloc|calloc|realloc|free)@/ {print name}' | sort -u |
    grep -vE '^<(scandirat|scandir|scandirat64|scandir64|.*list_joined.*|.*NameList.*|(malloc|realloc|free)@.*)>' || true)
[ -z "$allocating" ] || fail "allocates in $allocating"
needed=$(readelf -dW "$library" | sed -n 's/.*(NEEDED).*\[\(.*\)\]/\1/p')
[ "$needed" = libc.so.6 ] || fail "needs $needed"
newest=$(nm -D --undefined-only "$library" | sed -n 's/.*@GLIBC_//p' | sort -V | tail -1)
[ "$(printf '%s\n2.34\n' "$newest" | sort -V | tail -1)" = 2.34 ] || fail "needs GLIBC_$newest"

# Code it runs by itself: the C start file's own entry, and prepare() of load.cpp.
size=$(readelf -SW "$library" | awk '$2 == ".init_array" || $3 == ".init_array" {for (i = 1; i < NF; i++) if ($i == "INIT_ARRAY") print $(i + 3)}')
[ -z "$size" ] || [ $((0x$size)) -le 16 ] || fail "has constructors (.init_array of 0x$size bytes)"
readelf -SW "$library" | grep -qE '\.ctors|\.tdata|\.tbss' && fail "has constructors or thread-local storage"
readelf -lW "$library" | grep -q 'GNU_STACK.*RWE' && fail "has an executable stack"

[ $failed = 0 ] && echo "shim hygiene: ok"
exit $failed
