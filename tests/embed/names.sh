#!/bin/sh
# Fails when the library exports other names than those of libc that the shim stands in front of, and its own.
# usage: names.sh libplugboard-embed.so
set -eu
export LC_ALL=C
tests=$(dirname "$0")
{
    cat "$tests/../shim/exports.txt"
    sed -n 's/.*\(plugboard_embed_[a-z]*\)(const.*/\1/p; s/.*\(plugboard_embed_[a-z]*\)(void);/\1/p' \
        "$tests/../../src/embed/plugboard_embed.h"
} | sort -u >"${TMPDIR:-/tmp}/embed-names.$$"
trap 'rm -f "${TMPDIR:-/tmp}/embed-names.$$"' EXIT
nm -D --defined-only "$1" | awk '{print $3}' | grep -v '^__odr_asan' | sort |
    diff "${TMPDIR:-/tmp}/embed-names.$$" - && echo "embed names: ok"
