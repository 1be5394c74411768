# Fails on a name that docs/from-linux.md gives for something here and no header has: names.py SOURCE-FOLDER
import pathlib
import re
import sys

root = pathlib.Path(sys.argv[1])
words = set()
for folder in ("src", "examples"):
    for header in (root / folder).rglob("*.h"):
        words.add(header.stem)
        words.update(re.findall(r"\w+", header.read_text()))
        words.update(header.relative_to(root).parts)

rows = unknown = 0
for line in (root / "docs/from-linux.md").read_text().splitlines():
    cells = line.strip("|").split(" | ")
    if not line.startswith("| ") or len(cells) != 2 or cells[0].strip() == "Linux":
        continue
    rows += 1
    for code in re.findall(r"`([^`]+)`", cells[1]):
        for word in re.findall(r"\w+", code.removeprefix("std::")):
            if word not in words and word not in ("h", "power"):
                unknown += 1
                print(f"docs/from-linux.md: no header has `{word}` ({cells[0].strip()})")
print(f"{rows} rows, {unknown} unknown names")
sys.exit(1 if unknown or rows < 50 else 0)
