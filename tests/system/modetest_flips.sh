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
plugboard status --json | python3 -c '
import json, sys
period = 1e9 / 60
# The modeset that lights the screen completes at once, before any vblank: it has no time.
flips = [flip for flip in json.load(sys.stdin)["cards"][0]["flips"] if flip["ns"]]
steps = [(a["ns"], b["ns"], b["sequence"] - a["sequence"]) for a, b in zip(flips, flips[1:])]
stalls = [tuple(map(int, line.split())) for line in open(sys.argv[1])]
def stalled(start, end):
    """For how many vblanks at the most the machine kept somebody waiting in that time."""
    return sum(max(0, min(end, b) - max(start, a)) // period + 1 for a, b in stalls if a < end and start < b)
uneven = sum(end - start > 1.5 * period * count for start, end, count in steps)
mean = 1e9 * sum(c for _, _, c in steps) / sum(end - start for start, end, _ in steps) if steps else 0
skipped = sum(count - 1 for _, _, count in steps)
excused = sum(min(count - 1, stalled(start, end)) for start, end, count in steps)
print(f"recorded mean {mean:.3f} of {len(flips)} flips, uneven {uneven}, skipped vblanks {skipped}, "
      f"while the machine stood still {excused:.0f}")' "$PLUGBOARD_BOARD/stalls"
