#!/usr/bin/env bash
# What is below paths of a folder, a line each: "TYPE MODE PATH -> LINK".
# usage: list_tree.sh FOLDER PATH...
cd "$1" || exit
shift
find "$@" | while read -r file; do
    read -r mode kind <<<"$(stat -c '%a %F' "$file")"
    case $kind in
        directory) kind=d ;;
        symbolic*) kind=l ;;
        *) kind=f ;;
    esac
    echo "$kind $mode $file -> $(readlink "$file")"
done
