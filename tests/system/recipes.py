# Runs the lines of the README's CI recipes as those services do: recipes.py README github|gitlab
import re
import subprocess
import sys

readme, service = sys.argv[1:]
blocks = re.findall(r"^```yaml\n(.*?)^```", open(readme).read(), re.MULTILINE | re.DOTALL)
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
