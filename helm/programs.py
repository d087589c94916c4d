"""What the chart tells programs, held against the programs themselves: every variable that it sets is one that they read.

Also alerts against their runbooks, and the schemas of kinds that a cluster does not know by itself.
"""

import json
import re
import subprocess
import tempfile
from pathlib import Path

import jsonschema
import kubernetes_validate

from objects import PODS, containers_of, named, pod_of

HERE = Path(__file__).parent
ROOT = HERE.parent
# Read before there are flags, so no help has it: it must stand in the program.
UNSAID = "DOWNBEAT_LOG_FILTER"


class Programs:
    """The programs in a folder; each is asked for its help once."""

    def __init__(self, folder):
        self.folder = Path(folder)
        self.known = {}

    def variables(self, program):
        """Names of variables that the program says it reads."""
        if program not in self.known:
            done = subprocess.run([self.folder / program, "--help"], capture_output=True, text=True, timeout=30, check=False)
            if done.returncode != 0:
                raise SystemExit(f"{program} --help: {done.stderr}")
            self.known[program] = set(re.findall(r"\bDOWNBEAT_[A-Z0-9_]+\b", done.stdout))
            if UNSAID.encode() in (self.folder / program).read_bytes():
                self.known[program].add(UNSAID)
            # The command line shows variables of all commands with a command only.
            if program == "downbeat":
                done = subprocess.run([self.folder / program, "runs", "--help"], capture_output=True, text=True, timeout=30, check=True)
                self.known[program] |= set(re.findall(r"\bDOWNBEAT_[A-Z0-9_]+\b", done.stdout))
        return self.known[program]

    def is_there(self, program):
        return (self.folder / program).is_file()

    def faults(self, objects):
        for found in (found for found in objects if found["kind"] in PODS):
            for container in containers_of(pod_of(found)[1]):
                program = container["args"][0]
                if not program.startswith("downbeat"):
                    if any(variable["name"].startswith("DOWNBEAT_") for variable in container.get("env", [])) and found["kind"] != "Pod":
                        yield f"{named(found)}: {program} is no program of ours and is given variables of ours"
                    continue
                if not self.is_there(program):
                    yield f"{named(found)} runs {program}, which is no program"
                    continue
                for variable in container["env"]:
                    name = variable["name"]
                    if name.startswith("DOWNBEAT_") and name not in self.variables(program):
                        yield f"{named(found)} sets {name}, which {program} does not read"


def kind_faults(found, versions):
    """Whether a cluster of these versions takes the object."""
    own = HERE / "schemas" / f"{found['kind'].lower()}.json"
    if own.exists():
        try:
            jsonschema.Draft7Validator(json.loads(own.read_text())).validate(found)
        except jsonschema.ValidationError as error:
            yield f"{named(found)}: {'.'.join(map(str, error.absolute_path))}: {error.message}"
        return
    for version in versions:
        try:
            kubernetes_validate.validate(found, version, strict=True)
        except kubernetes_validate.ValidationError as error:
            yield f"{named(found)} is not for Kubernetes {version}: {'.'.join(map(str, error.path))}: {error.message}"
        except kubernetes_validate.SchemaNotFoundError as error:
            yield f"{named(found)}: no schema for Kubernetes {version}: {error}"


def alert_faults(objects):
    """Alerts are about what is measured (deploy/monitoring/write.py looks), select this release's series, and say where to read on."""
    runbooks = ROOT / "docs" / "runbooks.md"
    text = runbooks.read_text() if runbooks.exists() else ""
    anchors = {heading.strip().lower() for heading in re.findall(r"^## (.+)$", text, re.M)}
    alerts = set()
    for found in objects:
        if found["kind"] != "PrometheusRule":
            continue
        for rule in (rule for group in found["spec"]["groups"] for rule in group["rules"]):
            alerts.add(rule["alert"].lower())
            if "@" in rule["expr"] or 'namespace="' not in rule["expr"]:
                yield f"{rule['alert']} is about nobody's series: {rule['expr']}"
            page, _, anchor = rule["annotations"]["runbook_url"].partition("#")
            if anchor not in anchors:
                yield f"{rule['alert']} leads to {page}#{anchor}, which docs/runbooks.md has not"
            if rule["expr"].count("(") != rule["expr"].count(")"):
                yield f"{rule['alert']} has brackets that do not close"
    if alerts:
        for idle in sorted(anchor for anchor in anchors if anchor.startswith("downbeat") and anchor not in alerts):
            yield f"docs/runbooks.md has {idle}, which is no alert"


def nats_faults(server, text):
    """What the real server says of a configuration; certificates are files of a cluster, so TLS is taken out."""
    if server is None or text is None:
        return
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "nats.conf"
        plain = re.sub(r"^( *)tls \{.*?^\1\}", "", text, flags=re.S | re.M)
        file.write_text(plain.replace('"/data"', f'"{folder}/data"'))
        done = subprocess.run([server, "-t", "-c", file], env={"POD_NAME": "one"}, capture_output=True, text=True, timeout=30, check=False)
    if done.returncode != 0:
        yield f"nats-server does not take its configuration: {done.stderr}{done.stdout}"
