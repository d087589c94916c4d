"""Runs deploy/compose.yaml without containers, to the end of a pipeline: its very commands and variables, as processes of this machine.

    .cache/tools/helm/bin/python deploy/check_compose.py --programs target/debug --nats-server .cache/tools/bin/nats-server

What containers add (images, networks, read-only roots) is not tried by it: there is no engine for containers here.
"""

import argparse
import re
import subprocess
import sys
import tempfile
import tomllib
from pathlib import Path

import yaml

from services import Running, Service, to_the_end

HERE = Path(__file__).parent
# Ports that the file speaks of; each becomes a free one.
PORTS = (4222, 8222, 7410, 7412, 7400, 7401, 9463, 9464, 9465, 9466)
OURS = ("coordinator", "projector", "scheduler", "worker", "gateway")


def substituted(found):
    """`${NAME:-DEFAULT}` is its default: nothing is set here."""
    if isinstance(found, dict):
        return {name: substituted(value) for name, value in found.items()}
    if isinstance(found, list):
        return [substituted(value) for value in found]
    return re.sub(r"\$\{\w+:-([^}]*)\}", r"\1", found) if isinstance(found, str) else found


def services(document):
    for name, service in document["services"].items():
        mounts = {path: f"{name}-tmp" for path in service.get("tmpfs", [])}
        for volume in service.get("volumes", []):
            source, path = volume.split(":")[:2]
            mounts[path] = source
        files = {config["target"]: document["configs"][config["source"]]["content"] for config in service.get("configs", [])}
        yield Service(name, service["command"], service.get("environment", {}), mounts, files)


def shape_faults(document):
    """What holds for each container, whoever runs it."""
    for name, service in document["services"].items():
        for key, value in {"read_only": True, "cap_drop": ["ALL"], "security_opt": ["no-new-privileges:true"], "restart": "unless-stopped"}.items():
            if service.get(key) != value:
                yield f"{name}: {key} is {service.get(key)}"
        if "healthcheck" not in service:
            yield f"{name} has no healthcheck"
        for port in service.get("ports", []):
            if not port.startswith("127.0.0.1:"):
                yield f"{name} is reached from elsewhere: {port}"
        for key, value in service.get("environment", {}).items():
            if re.search(r"PASSWORD|SECRET|KEY", key) and value:
                yield f"{name}: {key} has a default"
    wanted = {volume.split(":")[0] for service in document["services"].values() for volume in service.get("volumes", [])}
    if wanted != set(document["volumes"]):
        yield f"volumes {sorted(document['volumes'])}, mounted {sorted(wanted)}"
    if set(document["services"]) != {"nats", *OURS}:
        yield f"services {sorted(document['services'])}"


def variable_faults(document, programs):
    for name in OURS:
        service = document["services"][name]
        program = service["command"][0]
        known = set()
        # The command line is asked in these containers, too.
        for words in ([program, "--help"], ["downbeat", "runs", "--help"]):
            done = subprocess.run([programs / words[0], *words[1:]], capture_output=True, text=True, timeout=30, check=True)
            known |= set(re.findall(r"\bDOWNBEAT_[A-Z0-9_]+\b", done.stdout))
        for variable in service["environment"]:
            if variable.startswith("DOWNBEAT_") and variable not in known:
                yield f"{name} sets {variable}, which {program} does not read"


def image_faults(document):
    """The image that the file builds has the programs that it runs, built with the version of Rust that everybody builds with."""
    root, text = HERE.parent, (HERE / "Dockerfile").read_text()
    rust = tomllib.loads((root / "rust-toolchain.toml").read_text())["toolchain"]["channel"]
    version = tomllib.loads((root / "Cargo.toml").read_text())["workspace"]["package"]["version"]
    chart = yaml.safe_load((root / "helm/downbeat/Chart.yaml").read_text())
    for what, holds in {
        f"is built with Rust {rust}": f"FROM rust:{rust}-bookworm AS build" in text,
        "runs as nobody that is root": re.search(r"^USER 65532:65532$", text, re.M),
        "runs what its arguments say": 'ENTRYPOINT ["tini", "--"]' in text,
        f"is called downbeat:{version} in the compose file": f":-downbeat:{version}}}" in (HERE / "compose.yaml").read_text(),
        f"is that of the chart's programs, {version}": chart["appVersion"] == version,
        "takes from elsewhere what has a version": all(re.search(r":\d", one) for one in re.findall(r"^FROM (\S+)", text, re.M)),
    }.items():
        if not holds:
            yield f"deploy/Dockerfile: not so: it {what}"
    for program in {"downbeat", *(document["services"][name]["command"][0] for name in OURS)}:
        if f"-p {program}" not in text or f"/built/{program}" not in text:
            yield f"deploy/Dockerfile has no {program}"
    for path in {volume.split(":")[1] for name in OURS for volume in document["services"][name].get("volumes", [])}:
        if path not in text:
            yield f"deploy/Dockerfile does not make {path}, so its volume would be root's"


def healthy(running, document, name):
    """Runs a healthcheck as it stands there; an error as long as it fails."""
    service = next(one for one in running.services if one.name == name)
    words = [running.here(word, service) for word in document["services"][name]["healthcheck"]["test"][1:]]
    if words[0] == "wget":
        running.get(words[-1])
        return True
    program = sys.executable if words[0] == "python3" else running.program(words[0])
    done = subprocess.run([program, *words[1:]], env=running.environment(service), capture_output=True, text=True, timeout=30, check=False)
    if done.returncode != 0:
        raise OSError(f"the healthcheck of {name}: {done.stderr}{done.stdout}")
    return True


def run(running, document):
    """From nothing to the end of a run, as a reader of the file would."""
    for name in ("nats", *OURS):
        running.until(f"{name} is healthy", lambda name=name: healthy(running, document, name))
    typed = document["services"]["coordinator"]["environment"]
    typed = {name: typed[name] for name in ("DOWNBEAT_SERVER", "DOWNBEAT_METADATA", "DOWNBEAT_LOG")}
    return to_the_end(running, typed)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--programs", type=Path, required=True)
    parser.add_argument("--nats-server", type=Path, required=True)
    asked = parser.parse_args()
    programs = asked.programs.resolve()
    document = substituted(yaml.safe_load((HERE / "compose.yaml").read_text()))
    faults = [*shape_faults(document), *variable_faults(document, programs), *image_faults(document)]
    if not faults:
        with tempfile.TemporaryDirectory() as folder, Running(list(services(document)), folder, programs, asked.nats_server.resolve(), PORTS, ("nats", *OURS)) as running:
            faults = list(run(running, document))
            faults += running.ended()
    for fault in faults:
        print(f"- {fault}")
    print(f"{len(faults)} faults")
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
