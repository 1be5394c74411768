#!/usr/bin/env python3
"""flip_record.py STALLS [NEWEST] <STATUS: how even the flips of a board's first card were.

STATUS is what `plugboard status --json` prints, STALLS what stalls.py wrote meanwhile. Only the NEWEST so many
flips are judged; without it all that are recorded."""
import json
import sys

PERIOD = 1e9 / 60

# The modeset that lights the screen completes at once, before any vblank: it has no time.
flips = [flip for flip in json.load(sys.stdin)["cards"][0]["flips"] if flip["ns"]]
if len(sys.argv) > 2:
    flips = flips[-int(sys.argv[2]):]
steps = [(a["ns"], b["ns"], b["sequence"] - a["sequence"]) for a, b in zip(flips, flips[1:])]
stalls = [tuple(map(int, line.split())) for line in open(sys.argv[1])]


def stalled(start, end):
    """For how many vblanks at the most the machine kept somebody waiting in that time."""
    return sum(max(0, min(end, b) - max(start, a)) // PERIOD + 1 for a, b in stalls if a < end and start < b)


uneven = sum(end - start > 1.5 * PERIOD * count for start, end, count in steps)
mean = 1e9 * sum(c for _, _, c in steps) / sum(end - start for start, end, _ in steps) if steps else 0
skipped = sum(count - 1 for _, _, count in steps)
excused = sum(min(count - 1, stalled(start, end)) for start, end, count in steps)
print(f"recorded mean {mean:.3f} of {len(flips)} flips, uneven {uneven}, skipped vblanks {skipped}, "
      f"while the machine stood still {excused:.0f}")
