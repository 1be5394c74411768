#!/usr/bin/env python3
"""clang-tidy over every source of ours: run_tidy.py BUILD-FOLDER [PART-OF-A-PATH]"""

import json
import os
import pathlib
import re
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor

ROOT = pathlib.Path(__file__).resolve().parent.parent
# The analyzer's full depth takes three times as long.
SHALLOW = [f"--extra-arg={word}" for word in ("-Xclang", "-analyzer-config", "-Xclang", "mode=shallow")]
FINDING = re.compile(r"^(?=/\S+:\d+:\d+: (?:error|warning): )", re.MULTILINE)


def main() -> int:
    build = pathlib.Path(sys.argv[1])
    part = sys.argv[2] if len(sys.argv) > 2 else ""
    commands = json.loads((build / "compile_commands.json").read_text())
    files = sorted({c["file"] for c in commands
                    if str(ROOT / "src") in c["file"] and not c["file"].endswith("_test.cpp") and part in c["file"]})

    def tidy(path: str):
        return path, subprocess.run(["clang-tidy", "--quiet", "-p", str(build), *SHALLOW, path],
                                    capture_output=True, text=True, check=False)

    seen = set()  # a header's findings come with each file that includes it
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        for done, (path, result) in enumerate(pool.map(tidy, files), 1):
            findings = [f for f in FINDING.split(result.stdout) if f.strip()]
            if result.returncode and not findings:
                findings = [f"{path}: {result.stderr}"]
            for finding in findings:
                if finding not in seen:
                    print(finding, flush=True)
                seen.add(finding)
            if sys.stdout.isatty():
                print(f"clang-tidy: {done}/{len(files)}", end="\r", flush=True)
    print(f"clang-tidy: {len(files)} files, {len(seen)} findings")
    return 1 if seen else 0


if __name__ == "__main__":
    sys.exit(main())
