#!/usr/bin/env python3
"""Compares the lock orders that debug runs have seen with docs/lock-order.md.

check_lock_order.py OBSERVED-FILE [--write]
"""

import pathlib
import re
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent
DOC = ROOT / "docs" / "lock-order.md"
ORDER = re.compile(r"^- `(.+)`$")
# Tests take locks of their own.
OURS = re.compile(r"anonymous|\(anonymous")


def main() -> int:
    observed = {line for line in pathlib.Path(sys.argv[1]).read_text().splitlines() if line and not OURS.search(line)}
    text = DOC.read_text()
    listed = {m.group(1) for m in map(ORDER.match, text.splitlines()) if m}
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
