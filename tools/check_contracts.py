#!/usr/bin/env python3
"""Looks whether each test that docs/contracts.md names is there."""
import pathlib
import re
import sys

root = pathlib.Path(__file__).resolve().parent.parent
text = (root / "docs/contracts.md").read_text()
cases = set()
for source in [*root.glob("src/**/*_test.cpp"), *root.glob("examples/**/*_test.cpp")]:
    found = re.findall(r"^(?:TEST|TEST_F|TEST_P|RC_GTEST_PROP)\(\s*(\w+),\s*(\w+)", source.read_text(), re.M)
    cases.update(f"{suite}.{case}" for suite, case in found)
suites = {case.split(".")[0] for case in cases}
missing = []
for name in re.findall(r"`(\w+\.[\w*]+)`", text):
    suite, case = name.split(".", 1)
    if not suite[0].isupper() or name == "Suite.case":
        continue
    if name not in cases and not (case == "*" and suite in suites):
        missing.append(name)
for name in re.findall(r"does not compile: `(\w+)`", text):
    if not (root / f"tests/compile_fail/{name}.cpp").exists():
        missing.append(f"tests/compile_fail/{name}.cpp")
for name in missing:
    print(f"docs/contracts.md: there is no {name}. Remedy: correct the name, or write the test.")
sys.exit(1 if missing else 0)
