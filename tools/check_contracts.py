#!/usr/bin/env python3
"""Looks whether each test that docs/contracts.md and docs/unplug.md name is there; of unplug.md also whether it is in the
program that is named before it, and that no row is without a test."""
import pathlib
import re
import sys

root = pathlib.Path(__file__).resolve().parent.parent
case_name = r"`([A-Z]\w*\.[\w*]+)`"


def program_of(source):
    """Of CMake's targets the one that a file of tests is compiled into."""
    folders = source.relative_to(root).parts
    if folders[0] == "src":
        return folders[1] + "_test"
    if folders[:2] == ("tests", "system"):
        stem = source.stem.removesuffix("_test")
        return "system_compositors" if stem.startswith("compositor_") else "system_" + stem
    return folders[1] + "_test"


programs = {}  # by "Suite.case", and by "Suite"
for source in [*root.glob("src/**/*_test.cpp"), *root.glob("tests/**/*_test.cpp"), *root.glob("examples/**/*_test.cpp")]:
    for suite, case in re.findall(
        r"^(?:TEST|TEST_F|TEST_P|RC_GTEST_PROP)\(\s*(\w+),\s*(\w+)", source.read_text(), re.M
    ):
        for name in (f"{suite}.{case}", suite):
            programs.setdefault(name, set()).add(program_of(source))


def find(name):
    """The programs that have such a case; `Suite.*` is any."""
    return programs.get(name.removesuffix(".*"), set())


def is_client_test(name):
    """A program in plain C, or a script, that CTest runs by this name."""
    folder, stem = name.split("_", 1)
    files = [root / f"tests/{folder}/{stem}{suffix}" for suffix in (".c", ".sh")]
    listed = re.search(rf"\b{stem}\b", (root / f"tests/{folder}/CMakeLists.txt").read_text())
    return bool(listed) and any(file.exists() for file in files)


def check_contracts(text):
    for name in re.findall(case_name, text):
        if name != "Suite.case" and not find(name):
            yield f"there is no {name}"
    for name in re.findall(r"does not compile: `(\w+)`", text):
        if not (root / f"tests/compile_fail/{name}.cpp").exists():
            yield f"there is no tests/compile_fail/{name}.cpp"


def check_unplug(text):
    for row in re.findall(r"^\|.*\|$", text, re.M):
        what, *_, tests = [cell.strip() for cell in row.strip("|").split("|")]
        if what == "what" or set(what) == {"-"}:
            continue
        cases = re.findall(case_name, tests)
        clients = re.findall(r"`((?:shim|embed)_\w+)`", tests)
        if not cases and not clients:
            yield f"the row \"{what}\" names no test"
        of_programs = re.findall(rf"(\w+) ({case_name}(?:, {case_name})*)", tests)
        named = [(program, name) for program, names, *_ in of_programs for name in re.findall(case_name, names)]
        if len(named) != len(cases):
            yield f"the row \"{what}\" has a test without its program"
        for program, name in named:
            if program not in find(name):
                yield f"{program} has no {name}"
        for name in clients:
            if not is_client_test(name):
                yield f"there is no {name}"


wrong = [
    f"{document}: {problem}"
    for document, check in (("docs/contracts.md", check_contracts), ("docs/unplug.md", check_unplug))
    for problem in check((root / document).read_text())
]
for problem in wrong:
    print(f"{problem}. Remedy: correct the name, or write the test.")
sys.exit(1 if wrong else 0)
