# Runs what a document tells its reader to run:
# recipes.py README github|gitlab     the README's CI recipes, as those services do
# recipes.py DOCUMENT shell           its sh blocks in one shell, in the current folder; a file is saved where it
#                                     says "Save as `NAME`:", and a text block after an sh block is what that prints
import difflib
import pathlib
import re
import shlex
import subprocess
import sys
import tempfile


def run_service(text: str, service: str) -> None:
    blocks = re.findall(r"^```yaml\n(.*?)^```", text, re.MULTILINE | re.DOTALL)
    if service == "github":  # each step in a shell of its own
        steps = [re.findall(r"^- run: (.*)$", block, re.MULTILINE) for block in blocks]
    else:  # one shell for all
        steps = [re.findall(r"^    - (.*)$", block, re.MULTILINE) for block in blocks]
    steps = [lines for lines in steps if lines]
    assert len(steps) == 1 and len(steps[0]) >= 4, f"README has no recipe for {service}: {blocks}"
    scripts = steps[0] if service == "github" else ["\n".join(steps[0])]
    for script in scripts:
        print("$", script, flush=True)
        subprocess.run(["bash", "-e", "-c", script], check=True)


BLOCK = re.compile(r"(?:^Save as `([^`]+)`:\n\n)?^```(\w+)\n(.*?)^```$", re.MULTILINE | re.DOTALL)


def run_shell(text: str) -> None:
    script, printed = ["set -e"], []
    with tempfile.TemporaryDirectory() as folder:
        for name, kind, body in BLOCK.findall(text):
            if name:
                saved = pathlib.Path(folder, f"file-{len(script)}")
                saved.write_text(body)
                script.append(f"cp {saved} {shlex.quote(name)}")
            elif kind == "sh":
                script.append(f"{{\n{body}}} >{folder}/{len(script)}")
                last = pathlib.Path(folder, str(len(script) - 1))
            elif kind == "text":
                printed.append((last, body))
        assert len(script) > 1, "the document tells to run nothing"
        print("\n".join(script), flush=True)
        subprocess.run(["bash", "-c", "\n".join(script)], check=True)
        for path, expected in printed:
            actual = path.read_text()
            if actual != expected:
                difference = difflib.unified_diff(expected.splitlines(), actual.splitlines(), "document", "output",
                                                  lineterm="")
                sys.exit("the document is not what its commands print:\n" + "\n".join(difference))


document, mode = sys.argv[1:]
content = pathlib.Path(document).read_text()
if mode == "shell":
    run_shell(content)
else:
    run_service(content, mode)
