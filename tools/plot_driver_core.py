#!/usr/bin/env python3
"""Draws docs/driver-core.svg from what driver_core_bench wrote with --benchmark_out=FILE.json.

plot_driver_core.py FILE.json > docs/driver-core.svg
"""
import json
import math
import sys

# Linux 6.1, measured on a machine of this kind: ns each.
LINUX = {
    "devm_add": {100: 51, 1_000: 52, 10_000: 61, 100_000: 115},
    "devm_release": {100: 62, 1_000: 40, 10_000: 50, 100_000: 68},
    "devm_find": {10: 76, 100: 171, 1_000: 1_700, 10_000: 17_000, 100_000: 340_000},
    "device_add": {1_000: 3_600, 10_000: 5_600},
    "device_unregister": {1_000: 4_000, 10_000: 4_600},
}
COLOURS = {
    "devm_add": "#1f77b4",
    "devm_release": "#2ca02c",
    "devm_find": "#d62728",
    "device_add": "#9467bd",
    "device_unregister": "#8c564b",
}
# What is measured for a whole list, not for one of it.
WHOLE = {"devm_add", "devm_release", "device_add", "device_unregister"}
WIDTH, HEIGHT, LEFT, TOP, RIGHT, BOTTOM = 900, 520, 70, 30, 210, 50
X_DECADES, Y_DECADES = (1, 6), (0, 6)


def place(count, nanos):
    across = (math.log10(count) - X_DECADES[0]) / (X_DECADES[1] - X_DECADES[0])
    up = (math.log10(nanos) - Y_DECADES[0]) / (Y_DECADES[1] - Y_DECADES[0])
    return LEFT + across * (WIDTH - LEFT - RIGHT), HEIGHT - BOTTOM - up * (HEIGHT - TOP - BOTTOM)


def line(points, colour, dashed):
    path = " ".join("{:.1f},{:.1f}".format(*place(*point)) for point in sorted(points.items()))
    dash = ' stroke-dasharray="6 4"' if dashed else ""
    return f'<polyline points="{path}" fill="none" stroke="{colour}" stroke-width="2"{dash}/>'


def read(file):
    ours = {name: {} for name in COLOURS}
    walk = {}
    for run in json.load(open(file))["benchmarks"]:
        name, _, count = run["name"].removesuffix("/manual_time").partition("/")
        if not count.isdigit():
            continue
        each = run["real_time"] / (int(count) if name in WHOLE else 1)
        if name in ours:
            ours[name][int(count)] = each
        elif name == "peer_linear_find":
            walk[int(count)] = each
    return ours, walk


def label(nanos):
    return f"{nanos} ns" if nanos < 1000 else f"{nanos // 1000} us" if nanos < 10**6 else "1 ms"


def main():
    ours, walk = read(sys.argv[1])
    out = [f'<svg xmlns="http://www.w3.org/2000/svg" width="{WIDTH}" height="{HEIGHT}" font-family="sans-serif" font-size="13">',
           f'<rect width="{WIDTH}" height="{HEIGHT}" fill="white"/>']
    for decade in range(X_DECADES[0], X_DECADES[1] + 1):
        x, _ = place(10**decade, 10)
        out.append(f'<line x1="{x}" y1="{TOP}" x2="{x}" y2="{HEIGHT - BOTTOM}" stroke="#ddd"/>')
        out.append(f'<text x="{x}" y="{HEIGHT - BOTTOM + 18}" text-anchor="middle">{10**decade:,}</text>'.replace(",", " "))
    for decade in range(Y_DECADES[0], Y_DECADES[1] + 1):
        _, y = place(10, 10**decade)
        out.append(f'<line x1="{LEFT}" y1="{y}" x2="{WIDTH - RIGHT}" y2="{y}" stroke="#ddd"/>')
        out.append(f'<text x="{LEFT - 8}" y="{y + 4}" text-anchor="end">{label(10**decade)}</text>')
    out.append(f'<text x="{(LEFT + WIDTH - RIGHT) / 2}" y="{HEIGHT - 12}" text-anchor="middle">entries of one device, or devices; time for one of them</text>')
    for number, (name, colour) in enumerate(COLOURS.items()):
        out.append(line(ours[name], colour, dashed=False))
        out.append(line(LINUX[name], colour, dashed=True))
        y = TOP + 20 + 22 * number
        out.append(f'<text x="{WIDTH - RIGHT + 16}" y="{y}" fill="{colour}">{name}</text>')
    out.append(line(walk, "#999", dashed=False))
    y = TOP + 20 + 22 * len(COLOURS)
    out.append(f'<text x="{WIDTH - RIGHT + 16}" y="{y}" fill="#777">a walk of the list, here</text>')
    out.append(f'<text x="{WIDTH - RIGHT + 16}" y="{y + 34}" fill="#333">whole line: Plugboard</text>')
    out.append(f'<text x="{WIDTH - RIGHT + 16}" y="{y + 54}" fill="#333">dashed: Linux 6.1</text>')
    out.append("</svg>")
    print("\n".join(out))


main()
