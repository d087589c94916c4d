"""What helm makes of the chart: lint, golden files, refusals.

Knows nothing about what the objects mean.
"""

import difflib
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import yaml

HERE = Path(__file__).parent
CHART = HERE / "downbeat"
HELM = Path(sys.executable).parent / "helm"
# The oldest version that the chart says it is for, and the newest whose schemas are at hand.
VERSIONS = ("1.30.0", "1.37.0")
# A release called `downbeat` in a namespace of the same name, except where a set of values says otherwise by its own names.
RELEASE = ["downbeat", str(CHART), "--namespace", "downbeat"]


def sets():
    return sorted((HERE / "sets").glob("*.yaml"))


def helm(*arguments):
    """Standard output, or what helm says instead."""
    done = subprocess.run([HELM, *map(str, arguments)], capture_output=True, text=True, timeout=60, check=False)
    return (done.stdout, None) if done.returncode == 0 else (None, (done.stderr + done.stdout).strip())


def rendered(values, version):
    return helm("template", *RELEASE, "--kube-version", version, "--values", values)


def objects(text):
    return [found for found in yaml.safe_load_all(text) if found]


def lint_faults(values):
    _, said = helm("lint", "--strict", CHART, "--values", values)
    if said:
        yield f"helm lint --strict with {values.name}:\n{said}"


def golden_faults(values):
    for name, text, said in golden(values):
        kept = HERE / "golden" / name
        before = kept.read_text() if kept.exists() else ""
        if said:
            yield f"{name}: {said}"
        elif before != text:
            told = difflib.unified_diff(before.splitlines(), text.splitlines(), f"golden/{name}", "rendered", lineterm="", n=2)
            yield f"{name} renders differently (helm/check.py --write, if it is meant):\n" + "\n".join(list(told)[:60])


def notes(values):
    """What `helm install` says at its end, which `helm template` leaves out: rendered as if it were an object of a copy of the chart."""
    with tempfile.TemporaryDirectory() as folder:
        copy = Path(shutil.copytree(CHART, Path(folder) / "downbeat"))
        (copy / "templates/notes.yaml").write_text('notes: |\n{{ include (print $.Template.BasePath "/NOTES.txt") . | indent 2 }}\n')
        text, said = helm("template", RELEASE[0], copy, *RELEASE[2:], "--values", values, "--show-only", "templates/notes.yaml")
    return (None, said) if said else (yaml.safe_load(text)["notes"], None)


def golden(values):
    """Every file that is kept of a set of values: its name, what it should be, what helm says instead."""
    text, said = rendered(values, VERSIONS[-1])
    yield values.name, text, said
    text, said = notes(values)
    yield f"{values.stem}.txt", text, said


def write_golden():
    (HERE / "golden").mkdir(exist_ok=True)
    for kept in (HERE / "golden").iterdir():
        kept.unlink()
    for values in sets():
        for name, text, said in golden(values):
            if said:
                sys.exit(f"{name}: {said}")
            (HERE / "golden" / name).write_text(text)


def stray_golden():
    known = {name for values in sets() for name in (values.name, f"{values.stem}.txt")}
    for kept in (HERE / "golden").iterdir():
        if kept.name not in known:
            yield f"golden/{kept.name} is of no set of values"


def documented_faults():
    """Helm takes what docs/kubernetes.md shows as values."""
    for block in re.findall(r"^```yaml\n(# values\n.*?)^```", (HERE.parent / "docs/kubernetes.md").read_text(), re.S | re.M):
        with tempfile.NamedTemporaryFile("w", suffix=".yaml") as file:
            file.write(block)
            file.flush()
            _, said = rendered(file.name, VERSIONS[-1])
        if said:
            yield f"docs/kubernetes.md: helm says of\n{block}\n{said}"


def documented_objects():
    """What it shows as objects of the cluster's own kinds."""
    for block in re.findall(r"^```yaml\n(apiVersion: v1\n.*?)^```", (HERE.parent / "docs/kubernetes.md").read_text(), re.S | re.M):
        yield from objects(block)


def refusal_faults():
    """Wrong values are refused, and with these words."""
    for case in yaml.safe_load((HERE / "refusals.yaml").read_text()):
        with tempfile.NamedTemporaryFile("w", suffix=".yaml") as file:
            yaml.safe_dump(case["values"], file)
            file.flush()
            text, said = rendered(file.name, VERSIONS[-1])
        if text is not None:
            yield f"refusals.yaml: {case['values']} is not refused"
            continue
        # Of a template that breaks helm prints what stands in it: words there are none that anybody chose to say.
        said = said.rsplit("error calling fail: ", 1)[-1] if "error calling fail: " in said else said
        if case["says"] not in said or "error calling" in said:
            yield f"refusals.yaml: {case['values']} is refused without the words {case['says']!r}:\n{said}"
