#!/usr/bin/env python3
"""Fails on an #include that goes up a layer or sideways; the layers are those of ARCHITECTURE.md."""

import pathlib
import re
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent

# Each folder of src/ and the folders whose headers it may include besides its own.
LAYERS = {
    "base": set(),
    "uapi": {"base"},
    "transport": {"base", "uapi"},
    "shim": {"base", "uapi", "transport"},
    "device": {"base"},
    "drm": {"base", "uapi", "device"},
    "drivers": {"base", "uapi", "device", "drm"},
    "daemon": {"base", "uapi", "device", "drm", "drivers", "transport"},
    "cli": {"base", "transport", "daemon"},
    "embed": {"base", "daemon", "shim"},
}
# Each folder of src/daemon and the others whose headers it may include; "board": the files at the top, the
# board and what it is made of, but for "server", which serves it.
DAEMON = {
    "config": set(),
    "kernfs": set(),
    "udev": {"kernfs"},
    "configfs": {"kernfs"},
    "session": {"kernfs", "udev"},
    "sysfs": {"kernfs", "udev", "session"},
    "seat": {"config", "session"},
    "board": {"config", "kernfs", "udev", "configfs", "session", "sysfs", "seat"},
    "control": {"config", "session", "seat", "board"},
    "server": {"config", "board", "control"},
}
SERVER = {"main", "board_server"}
# What joins transport and drm: the sessions, and the sockets that a session changes for its client.
JOINS_TRANSPORT = {"session", "udev"}
# One folder each; a new one needs its line of reason in ARCHITECTURE.md.
DEPENDENCIES = {
    "CLI/": {"cli"},
    "toml++/": {"daemon", "cli"},
    "nlohmann/": {"daemon", "cli", "embed"},
    "png.h": {"cli"},
    "hwy/": {"drivers"},
    "isa-l/": {"drivers"},
    "xx": {"drivers"},
    "zlib.h": {"drivers"},
    "fmt/": {"base", "device", "drm", "drivers", "daemon", "cli"},
}
INCLUDE = re.compile(r'^\s*#\s*include\s*([<"])([^>"]+)[>"]')


def daemon_folder(path: pathlib.PurePath) -> str:
    """Of a path below src/daemon."""
    if len(path.parts) > 1:
        return path.parts[0]
    return "server" if path.stem in SERVER else "board"


def complaints_of_daemon(path: pathlib.Path, target: str):
    folder = daemon_folder(path.relative_to(ROOT / "src" / "daemon"))
    if folder not in DAEMON:
        yield f"daemon/{folder} is no folder of the daemon; add it to tools/check_layers.py and ARCHITECTURE.md"
        return
    is_test = path.name.endswith(("_test.cpp", "_fixture.h"))
    if target.startswith("daemon/") and not is_test:
        other = daemon_folder(pathlib.PurePath(target).relative_to("daemon"))
        if other != folder and other not in DAEMON[folder]:
            yield f"{folder} may not include {target} (it sees {', '.join(sorted(DAEMON[folder])) or 'only itself'})"
    if target.startswith("transport/") and folder not in JOINS_TRANSPORT:
        yield f"only {' and '.join(sorted(JOINS_TRANSPORT))} join transport and drm"


def complaints(path: pathlib.Path):
    layer = path.relative_to(ROOT / "src").parts[0]
    is_test = path.name.endswith("_test.cpp")
    for number, line in enumerate(path.read_text().splitlines(), 1):
        match = INCLUDE.match(line)
        if not match:
            continue
        quote, target = match.groups()
        where = f"{path.relative_to(ROOT)}:{number}"
        first = target.split("/")[0]
        if quote == '"' and first in LAYERS:
            if first != layer and first not in LAYERS[layer]:
                yield f"{where}: {layer} may not include {target} (it sees {', '.join(sorted(LAYERS[layer])) or 'only itself'})"
            if layer == "daemon":
                for complaint in complaints_of_daemon(path, target):
                    yield f"{where}: {complaint}"
        for prefix, folders in DEPENDENCIES.items():
            if target.startswith(prefix) and layer not in folders and not is_test:
                yield f"{where}: {target} belongs to {', '.join(sorted(folders))}"


def main() -> int:
    problems, files = [], 0
    for path in sorted((ROOT / "src").rglob("*")):
        if path.suffix not in {".h", ".cpp"}:
            continue
        files += 1
        layer = path.relative_to(ROOT / "src").parts[0]
        if layer not in LAYERS:
            problems.append(f"{path.relative_to(ROOT)}: src/{layer} is no layer; add it to tools/check_layers.py and ARCHITECTURE.md")
            continue
        problems.extend(complaints(path))
    for problem in problems:
        print(problem)
    print(f"layers: {files} files, {len(problems)} problems")
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
