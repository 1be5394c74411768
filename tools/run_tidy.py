#!/usr/bin/env python3
"""clang-tidy over every source of ours: run_tidy.py BUILD-FOLDER [PART-OF-A-PATH]"""

import json
import os
import pathlib
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor

ROOT = pathlib.Path(__file__).resolve().parent.parent


def main() -> int:
    build = pathlib.Path(sys.argv[1])
    part = sys.argv[2] if len(sys.argv) > 2 else ""
    commands = json.loads((build / "compile_commands.json").read_text())
    files = sorted({c["file"] for c in commands
                    if str(ROOT / "src") in c["file"] and not c["file"].endswith("_test.cpp") and part in c["file"]})

    def tidy(path: str):
        return path, subprocess.run(["clang-tidy", "--quiet", "-p", str(build), path],
                                    capture_output=True, text=True, check=False)

    failed = 0
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        for done, (path, result) in enumerate(pool.map(tidy, files), 1):
            if result.returncode:
                failed += 1
                print(result.stdout)
            print(f"clang-tidy: {done}/{len(files)}", end="\r", flush=True)
    print(f"clang-tidy: {len(files)} files, {failed} with findings")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
