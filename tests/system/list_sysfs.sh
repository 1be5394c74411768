#!/usr/bin/env bash
# What a bus and the class drm have in sysfs, a line each in byte order: "TYPE MODE PATH -> LINK".
# usage: list_sysfs.sh platform|faux
cd /sys || exit
find "bus/$1/devices" "bus/$1/drivers" class/drm dev/char "devices/$1" |
    grep -E 'vkms|class/drm|/226:|faux_driver' |
    while read -r file; do
        read -r mode kind <<<"$(stat -c '%a %F' "$file")"
        case $kind in
            directory) kind=d ;;
            symbolic*) kind=l ;;
            *) kind=f ;;
        esac
        echo "$kind $mode $file -> $(readlink "$file")"
    done | LC_ALL=C sort
