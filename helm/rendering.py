"""What helm makes of the chart: lint, golden files, refusals.

Knows nothing about what the objects mean.
"""

import difflib
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


def golden_faults(values, text):
    golden = HERE / "golden" / values.name
    kept = golden.read_text() if golden.exists() else ""
    if kept != text:
        told = difflib.unified_diff(kept.splitlines(), text.splitlines(), f"golden/{values.name}", "rendered", lineterm="", n=2)
        yield f"{values.name} renders differently (helm/check.py --write, if it is meant):\n" + "\n".join(list(told)[:60])


def write_golden():
    (HERE / "golden").mkdir(exist_ok=True)
    for values in sets():
        text, said = rendered(values, VERSIONS[-1])
        if said:
            sys.exit(f"{values.name}: {said}")
        (HERE / "golden" / values.name).write_text(text)
    known = {values.name for values in sets()}
    for golden in (HERE / "golden").glob("*.yaml"):
        if golden.name not in known:
            golden.unlink()


def stray_golden():
    known = {values.name for values in sets()}
    for golden in (HERE / "golden").glob("*.yaml"):
        if golden.name not in known:
            yield f"golden/{golden.name} is of no set of values"


def refusal_faults():
    """Wrong values are refused, and with these words."""
    for case in yaml.safe_load((HERE / "refusals.yaml").read_text()):
        with tempfile.NamedTemporaryFile("w", suffix=".yaml") as file:
            yaml.safe_dump(case["values"], file)
            file.flush()
            text, said = rendered(file.name, VERSIONS[-1])
        if text is not None:
            yield f"refusals.yaml: {case['values']} is not refused"
        elif case["says"] not in said:
            yield f"refusals.yaml: {case['values']} is refused without the words {case['says']!r}:\n{said}"
