"""Runs what a file for containers describes as processes of this machine: the same programs, arguments and variables.

Only where things are differs: 0.0.0.0 and names of services are 127.0.0.1, each port is a free one, each folder that is mounted lies below a
folder of ours. Promises that everything it starts is ended by its own pid. Knows nothing about compose files and charts.
"""

import json
import os
import re
import socket
import subprocess
import sys
import time
import urllib.request
from dataclasses import dataclass, field
from pathlib import Path

# How long a service may take until it answers, and to end.
READY_SECONDS, END_SECONDS = 90, 30

# One script: its log goes from the worker through the volume of blobs to the projector.
PIPELINE = """version: v1
name: Hello
pipeline:
  greet:
    integration: PYTHON
    integration_job: PYTHON_EXECUTE_SCRIPT
    parameters: {source: INLINE, python_version: '3.11', command: python main.py, code: "print('it', 'came', 'to', 'its', 'end')"}
"""


@dataclass
class Service:
    """One process: its name in the file, program and arguments, variables, what is mounted where, and files that are given to it."""

    name: str
    arguments: list
    variables: dict
    # Path in the container -> name of the volume; the same name is the same folder.
    mounts: dict = field(default_factory=dict)
    # Path in the container -> bytes.
    files: dict = field(default_factory=dict)
    # The name by which this one alone is reached, of several that are alike, and whether it is another than the first of them.
    host: str = ""
    follows: bool = False


def free_ports(count):
    held = [socket.socket() for _ in range(count)]
    try:
        for one in held:
            one.bind(("127.0.0.1", 0))
        return [one.getsockname()[1] for one in held]
    finally:
        for one in held:
            one.close()


class Running:
    """All services, until the end of the `with`."""

    def __init__(self, services, folder, programs, nats_server, ports, hosts):
        self.services, self.folder, self.programs = services, Path(folder), Path(programs)
        self.nats_server = Path(nats_server)
        self.ports = dict(zip(ports, free_ports(len(ports)), strict=True))
        # Of several that are alike the first is the one that everybody reaches; the others have ports of their own.
        self.own = {service.name: dict(zip(ports, free_ports(len(ports)), strict=True)) for service in services if service.follows}
        self.hosts = sorted(hosts, key=len, reverse=True)
        self.processes = {}

    def here(self, text, service=None):
        """The same text for processes of this machine."""
        ports = "|".join(str(port) for port in self.ports)
        for one in (one for one in self.services if one.host):
            text = re.sub(rf"(?<=//){re.escape(one.host)}:({ports})\b", lambda found, one=one: f"127.0.0.1:{self.port(one, int(found[1]))}", text)
        if service is not None:
            text = re.sub(rf"\b0\.0\.0\.0:({ports})\b", lambda found: f"127.0.0.1:{self.port(service, int(found[1]))}", text)
        text = re.sub(rf":({ports})\b", lambda found: f":{self.ports[int(found[1])]}", text)
        text = text.replace("0.0.0.0:", "127.0.0.1:")
        for host in self.hosts:
            text = re.sub(rf"(?<=//){re.escape(host)}(?=[:.])(\.[a-z0-9.-]+(?=:))?", "127.0.0.1", text)
        if service is not None:
            folders = {*service.mounts, *(str(Path(path).parent) for path in service.files)}
            if folders:
                # All at once: what one becomes may look like another.
                known = "|".join(re.escape(path) for path in sorted(folders, key=len, reverse=True))
                text = re.sub(rf"(?<![\w/])({known})(?![\w-])", lambda found: str(self.place(service, found[1])), text)
        return text

    def port(self, service, port):
        """Where a port of the service is."""
        return self.own.get(service.name, self.ports)[port]

    def place(self, service, path):
        if path in service.mounts:
            return self.folder / "volumes" / service.mounts[path]
        return self.folder / service.name / path.strip("/")

    def program(self, name):
        """A program of ours, or NATS where only its arguments are given, as its image has it."""
        found = self.programs / name
        if not found.is_file():
            raise SystemExit(f"{name} is no program in {self.programs}")
        return str(found)

    def environment(self, service):
        # What the machine has, but nothing of ours: a file says all of it.
        mine = {name: value for name, value in os.environ.items() if not name.startswith("DOWNBEAT_")}
        return mine | {name: self.here(value, service) for name, value in service.variables.items()}

    def __enter__(self):
        for service in self.services:
            self.give(service)
            self.begin(service)
        return self

    def begin(self, service):
        """Starts it, or starts it again."""
        arguments = [self.here(argument, service) for argument in service.arguments]
        command = [str(self.nats_server), *arguments] if arguments[0].startswith("-") else [self.program(arguments[0]), *arguments[1:]]
        (self.folder / service.name).mkdir(parents=True, exist_ok=True)
        with (self.folder / f"{service.name}.txt").open("ab") as printed:
            self.processes[service.name] = subprocess.Popen(
                command, env=self.environment(service), stdout=printed, stderr=subprocess.STDOUT, cwd=self.folder / service.name
            )

    def stop(self, service, kill=False):
        """Ends it as a cluster does, or as a machine that dies does; with what it ended."""
        process = self.processes.pop(service.name)
        process.kill() if kill else process.terminate()
        return process.wait(END_SECONDS)

    def give(self, service):
        """Its folders and files, as a cluster gives secrets: for owner and group, and as links into a folder beside them."""
        for path in service.mounts:
            self.place(service, path).mkdir(parents=True, exist_ok=True)
        for path, content in service.files.items():
            place = self.place(service, path)
            of_the_day = place.parent / "..2026_03_01"
            of_the_day.mkdir(parents=True, exist_ok=True)
            (of_the_day / place.name).write_text(self.here(content, service))
            (of_the_day / place.name).chmod(0o440)
            if not (place.parent / "..data").is_symlink():
                (place.parent / "..data").symlink_to(of_the_day.name)
            place.symlink_to(f"..data/{place.name}")

    def __exit__(self, *_):
        # Last started, first stopped: the log outlives those that write to it.
        for name in reversed(self.processes):
            process = self.processes[name]
            if process.poll() is None:
                process.terminate()
                try:
                    process.wait(END_SECONDS)
                except subprocess.TimeoutExpired:
                    process.kill()
                    process.wait()

    def strays(self):
        """What services wrote where nothing is mounted: with a read-only root they could not."""
        for service in self.services:
            root = self.folder / service.name
            wrote = [found for found in root.rglob("*") if not found.is_dir() and not found.is_symlink() and "..2026_03_01" not in found.parts]
            if wrote:
                yield f"{service.name} wrote {len(wrote)} files where nothing is mounted, such as {wrote[0].relative_to(root)}"

    def printed(self):
        """What all of them have printed, the end of it."""
        return "\n".join(f"--- {name}\n{(self.folder / f'{name}.txt').read_text(errors='replace')[-4000:]}" for name in self.processes)

    def ended(self):
        return [f"{name} ended with {process.returncode}" for name, process in self.processes.items() if process.poll() is not None]

    def until(self, what, ask):
        """Asks until there is an answer that is not None; says what all printed if there is none."""
        last, deadline = "", time.monotonic() + READY_SECONDS
        while time.monotonic() < deadline:
            if self.ended():
                raise SystemExit(f"{what}: {'; '.join(self.ended())}\n{self.printed()}")
            try:
                found = ask()
                if found is not None:
                    return found
            except OSError as error:
                last = str(error)
            time.sleep(0.2)
        raise SystemExit(f"{what}: not within {READY_SECONDS} s: {last}\n{self.printed()}")

    def command(self, variables, *arguments):
        """Standard output of the command line `downbeat`; ends with everything that was printed if it does not end well."""
        mine = {name: value for name, value in os.environ.items() if not name.startswith("DOWNBEAT_")}
        variables = {name: self.here(value) for name, value in variables.items()}
        done = subprocess.run([self.program("downbeat"), *arguments], env=mine | variables, capture_output=True, text=True, timeout=120, check=False)
        if done.returncode != 0:
            raise SystemExit(f"downbeat {' '.join(arguments)} ended with {done.returncode}:\n{done.stdout}{done.stderr}\n{self.printed()}")
        return done.stdout

    def step(self, arguments, variables, gateway_port=None):
        """Runs a program of a container to its end; what it says if that is not a good one. A Service's own port leads to the gateway."""
        mine = {name: value for name, value in os.environ.items() if not name.startswith("DOWNBEAT_")}
        program = sys.executable if arguments[0] == "python3" else self.program(arguments[0])
        words = [re.sub(rf":{self.ports[gateway_port]}\b", f":{self.ports[7400]}", self.here(word)) if gateway_port else word for word in arguments[1:]]
        done = subprocess.run([program, *words], env=mine | variables, capture_output=True, text=True, timeout=60, check=False)
        return None if done.returncode == 0 else f"{done.stdout}{done.stderr}"

    def get(self, url, key=None):
        """The body of an answer that is 2xx."""
        asked = urllib.request.Request(self.here(url), headers={"Authorization": f"Bearer {key}"} if key else {})
        with urllib.request.urlopen(asked, timeout=10) as answer:
            return answer.read().decode()


def to_the_end(running, typed):
    """What is wrong on the way from a pipeline's file to the answers of the API; `typed` are the variables of the command line."""
    file = running.folder / "hello.yml"
    file.write_text(PIPELINE)
    running.command(typed, "apply", str(file))
    running.command(typed, "run", "hello", "--wait")
    logs = running.command(typed, "logs", "--follow", "last", "greet")
    if "it came to its end" not in logs:
        yield f"the log of the task does not come from worker to projector through the volume of blobs: {logs!r}"
    key = running.command(typed, "key", "create", "first", "--role", "viewer").strip()
    # The question by which the chart's example for KEDA scales workers.
    asked = "http://127.0.0.1:7400/api/engine/public/task_runs?status={}&page_size=1"
    for statuses, wanted in (("SUCCEEDED", 1), ("QUEUED,RUNNING", 0)):
        url = asked.format(statuses)
        listed = running.until("the gateway knows the key", lambda url=url: running.get(url, key))
        if json.loads(listed)["total"] != wanted:
            yield f"the API says of {statuses}: {listed}"
    verified = running.command(typed, "log", "verify")
    if "log verify: ok" not in verified:
        yield f"the log is not whole: {verified}"
    yield from running.strays()
    for port, measured in ((7401, "downbeat_gateway_requests_total"), (9464, "downbeat_schedules"), (9465, "downbeat_outgoing_lag_records")):
        if measured not in running.get(f"http://127.0.0.1:{port}/metrics"):
            yield f"port {port} does not measure {measured}"
