#!/usr/bin/env python3
"""Compares the lock orders that debug runs have seen with docs/lock-order.md, and looks for a loop in
what all processes saw together (each aborts on a loop of its own only).

check_lock_order.py OBSERVED-FILE [--write]
"""

import graphlib
import pathlib
import re
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent
DOC = ROOT / "docs" / "lock-order.md"
ORDER = re.compile(r"^- `(.+)`$")
TESTS_OWN = re.compile(r"\bTest")


def find_loop(orders: set[str]) -> list[str]:
    graph = graphlib.TopologicalSorter()
    for order in orders:
        graph.add(*reversed(order.split(" -> ")))
    try:
        graph.prepare()
    except graphlib.CycleError as error:
        return error.args[1]
    return []


def main() -> int:
    lines = pathlib.Path(sys.argv[1]).read_text().splitlines()
    observed = {line for line in lines if line and not TESTS_OWN.search(line)}
    text = DOC.read_text()
    listed = {m.group(1) for m in map(ORDER.match, text.splitlines()) if m}
    loop = find_loop(observed | listed)
    if loop:
        print(f"lock order: a loop: {' -> '.join(loop)}")
        return 1
    if "--write" in sys.argv:
        head = text.split("\n## ")[0].rstrip()
        DOC.write_text(head + "\n\n## The orders\n\n" + "".join(f"- `{o}`\n" for o in sorted(observed | listed)))
        return 0
    new = sorted(observed - listed)
    for order in new:
        print(f"lock order: {order} is not in docs/lock-order.md; think it over, then run with --write")
    print(f"lock order: {len(observed)} seen, {len(listed)} listed, {len(new)} new")
    return 1 if new else 0


if __name__ == "__main__":
    sys.exit(main())
