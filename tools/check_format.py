#!/usr/bin/env python3
"""Fails on C++ sources that clang-format 14 would change; --fix changes them."""

import pathlib
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent


def main() -> int:
    files = [str(p) for folder in ("src", "tests", "examples", "bench")
             for p in sorted((ROOT / folder).rglob("*")) if p.suffix in {".h", ".cpp"}]
    if "--fix" in sys.argv:
        return subprocess.call(["clang-format", "-i", *files])
    result = subprocess.run(["clang-format", "--dry-run", "--Werror", *files],
                            stderr=subprocess.PIPE, text=True, check=False)
    wrong = sorted({line.split(":")[0] for line in result.stderr.splitlines() if ": error:" in line})
    for path in wrong:
        print(f"{pathlib.Path(path).relative_to(ROOT)}: not formatted; run tools/check_format.py --fix")
    print(f"format: {len(files)} files, {len(wrong)} problems")
    return 1 if result.returncode else 0


if __name__ == "__main__":
    sys.exit(main())
