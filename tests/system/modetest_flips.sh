#!/usr/bin/env bash
# Inside a run: modetest flips for SECONDS with a silent pipe as its input; prints how even it was.
set -u
seconds=$1
here=$(dirname "$0")
connector=$(modetest -M vkms -c | awk '$4 == "Virtual-1" { print $1 }')
python3 "$here/stalls.py" >"$PLUGBOARD_BOARD/stalls" &
stalls=$!
# modetest stops as soon as its input can be read: the pipe closes after SECONDS.
mkfifo "$PLUGBOARD_BOARD/silence"
exec 7<>"$PLUGBOARD_BOARD/silence"
{ read -rt "$seconds" <&7; } | modetest -M vkms -s "$connector:1024x768" -v >"$PLUGBOARD_BOARD/modetest.out" 2>&1
kill "$stalls"
wait "$stalls" 2>/dev/null
awk '/^freq:/ { sum += $2; n++ } END { printf "modetest'"'"'s mean %.3f of %d lines\n", n ? sum / n : 0, n }' \
    "$PLUGBOARD_BOARD/modetest.out"
plugboard status --json | python3 "$here/flip_record.py" "$PLUGBOARD_BOARD/stalls"
