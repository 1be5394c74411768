#!/usr/bin/env bash
# Inside a run: modetest flips for SECONDS with a silent pipe as its input; prints how even it was.
set -u
seconds=$1
connector=$(modetest -M vkms -c | awk '$4 == "Virtual-1" { print $1 }')
# modetest stops as soon as its input can be read: the pipe closes after SECONDS.
mkfifo "$PLUGBOARD_BOARD/silence"
exec 7<>"$PLUGBOARD_BOARD/silence"
{ read -rt "$seconds" <&7; } | modetest -M vkms -s "$connector:1024x768" -v >"$PLUGBOARD_BOARD/modetest.out" 2>&1
awk '/^freq:/ { sum += $2; n++ } END { printf "modetest'"'"'s mean %.3f of %d lines\n", n ? sum / n : 0, n }' \
    "$PLUGBOARD_BOARD/modetest.out"
"$PLUGBOARD_COMMAND" status --json | python3 -c '
import json, sys
# The modeset that lights the screen completes at once, before any vblank: it has no time.
flips = [flip for flip in json.load(sys.stdin)["cards"][0]["flips"] if flip["ns"]]
steps = [(b["ns"] - a["ns"], b["sequence"] - a["sequence"]) for a, b in zip(flips, flips[1:])]
uneven = sum(ns > 1.5 * 1e9 / 60 * count for ns, count in steps)
mean = 1e9 * sum(c for _, c in steps) / sum(ns for ns, _ in steps) if steps else 0
skipped = sum(count - 1 for _, count in steps)
print(f"recorded mean {mean:.3f} of {len(flips)} flips, uneven {uneven}, skipped vblanks {skipped}")'
