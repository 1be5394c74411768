#!/usr/bin/env python3
"""README's table of clients, from the results of a test run.

what_works.py RESULTS.xml [--write]   (RESULTS.xml: ctest --output-junit)

Without --write it fails when README.md says anything else than the results do.
"""

import argparse
import pathlib
import sys
import tomllib
import xml.etree.ElementTree as ElementTree

ROOT = pathlib.Path(__file__).resolve().parent.parent
BEGIN, END = "<!-- made by tools/what_works.py -->\n", "<!-- end -->\n"


def table(results: pathlib.Path) -> str:
    passed = {case.get("name"): case.get("status") == "run" for case in ElementTree.parse(results).iter("testcase")}
    lines = ["| client | on a Plugboard card | test |", "|---|---|---|"]
    for row in tomllib.loads((ROOT / "tests/system/what_works.toml").read_text())["row"]:
        if row["test"] not in passed:
            sys.exit(f"{results}: no test {row['test']} (row {row['client']}); run all tests: scripts/test")
        works = row["works"] if passed[row["test"]] else f"**fails:** {row['works']}"
        lines.append(f"| {row['client']} | {works} | `{row['test']}` |")
    return "\n".join(lines) + "\n"


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("results", type=pathlib.Path)
    parser.add_argument("--write", action="store_true", help="put the table into README.md")
    arguments = parser.parse_args()

    readme = ROOT / "README.md"
    before, rest = readme.read_text().split(BEGIN)
    old, after = rest.split(END)
    new = table(arguments.results)
    if arguments.write:
        readme.write_text(before + BEGIN + new + END + after)
    elif new != old:
        print("README.md: the table of clients is not what the tests say.\n"
              f"  remedy: tools/what_works.py {arguments.results} --write", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
