"""Runs what the chart renders without a cluster, to the end of a pipeline: its very arguments, variables and files, as processes.

    .cache/tools/helm/bin/python helm/check_run.py --programs target/debug --nats-server .cache/tools/bin/nats-server

As it is by default; with certificates, users of NATS, a master key and secrets of callbacks and webhooks, which are made here as cert-manager
and operators make them; and the same with several coordinators, projectors and servers of NATS, each of which is ended while a pipeline runs on the others.
Then what `helm test` runs. What a cluster adds (policies, volumes, names, probes by a kubelet) is not tried.
"""

import argparse
import base64
import datetime
import ipaddress
import json
import re
import secrets
import socket
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import grpc
import yaml
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519

import rendering
from objects import PODS, claimed, containers_of, pod_names, pod_of

sys.path.insert(0, str(Path(__file__).parent.parent / "deploy"))
from services import Running, Service, to_the_end

PORTS = (4222, 6222, 8222, 7410, 7412, 7400, 7401, 7420, 9463, 9464, 9465, 9466, 80)
PROBES = ("startupProbe", "livenessProbe", "readinessProbe")
# Started in this order; a cluster starts all at once.
ORDER = ("nats", "coordinator", "projector", "scheduler", "worker", "gateway")
USERS = ("coordinator", "projector", "scheduler", "operator")
ARMED = {
    "coordinator": {"masterKey": {"existingSecret": "master"}},
    "worker": {
        "labels": {"zone": "here"},
        "connections": {"existingSecret": "files"},
        "connectors": {"existingConfigMap": "manifests"},
        "callbacks": {"enabled": True, "secret": {"existingSecret": "callbacks"}},
    },
    "gateway": {"gitWebhooks": {"github": {"existingSecret": "git"}}, "publicUrl": "https://downbeat.example.com"},
    "projector": {"outgoingFrom": "start"},
}
# A connection file, and what uses it.
FILES = {"gateway.json": '{"integration": "HTTP", "fields": {"base_url": "http://127.0.0.1:7401/"}}'}
ASKS = """version: v1
name: Asks
pipeline:
  ask: {integration: HTTP, integration_job: HTTP_REQUEST, connection: gateway, parameters: {method: GET, path: /health}}
"""
# A manifest of one's own.
MANIFESTS = {
    "load.yaml": """integration: ACME
job: ACME_LOAD
sources: [our own API]
parameters: {table: {required: true}}
connection: {key: {secret: true, required: true}}
base_url: https://acme.example.com
authentication: [{method: bearer, token: "{connection.key}"}]
reattach: token
start:
  request: {method: POST, path: /loads, body: {table: "{parameters.table}", key: "{token}"}}
  capture: {id: $.id}
poll:
  request: {method: GET, path: "/loads/{job.id}"}
  word: $.state
  states: {RUNNING: [run], SUCCEEDED: [ok], FAILED: [bad]}
"""
}


def nkey():
    """Seed and public half of a user of NATS: base32 of what it is, 32 bytes, and a checksum."""

    def written(first, raw):
        body = bytes(first) + raw
        crc = 0
        for byte in body:
            crc ^= byte << 8
            for _ in range(8):
                crc = ((crc << 1) ^ 0x1021 if crc & 0x8000 else crc << 1) & 0xFFFF
        return base64.b32encode(body + crc.to_bytes(2, "little")).decode().rstrip("=")

    private = ed25519.Ed25519PrivateKey.generate()
    seed, user = 18 << 3, 20 << 3
    return written([seed | user >> 5, (user & 31) << 3], private.private_bytes_raw()), written([user], private.public_key().public_bytes_raw())


class Authority:
    """What cert-manager is in a cluster."""

    def __init__(self):
        self.key = ec.generate_private_key(ec.SECP256R1())
        self.name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "authority")])
        made = self.begun(self.name, self.key).add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        self.certificate = made.sign(self.key, hashes.SHA256())

    def begun(self, subject, key):
        now = datetime.datetime.now(datetime.UTC)
        made = x509.CertificateBuilder().subject_name(subject).issuer_name(self.name).public_key(key.public_key()).serial_number(x509.random_serial_number())
        return made.not_valid_before(now - datetime.timedelta(hours=1)).not_valid_after(now + datetime.timedelta(hours=1))

    def issue(self, asked):
        """The Secret of a Certificate; here services are reached at 127.0.0.1, too, which servers of NATS compare with names only."""
        spec, key = asked["spec"], ec.generate_private_key(ec.SECP256R1())
        names = [x509.UniformResourceIdentifier(uri) for uri in spec.get("uris", [])] + [x509.DNSName(name) for name in spec.get("dnsNames", [])]
        names += [] if spec.get("uris") else [x509.DNSName("127.0.0.1")]
        usages = {"client auth": x509.ExtendedKeyUsageOID.CLIENT_AUTH, "server auth": x509.ExtendedKeyUsageOID.SERVER_AUTH}
        made = self.begun(x509.Name([]), key)
        made = made.add_extension(x509.SubjectAlternativeName([*names, x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]), critical=True)
        made = made.add_extension(x509.ExtendedKeyUsage([usages[usage] for usage in spec["usages"] if usage in usages]), critical=False)
        shown = made.sign(self.key, hashes.SHA256())
        pem = serialization.Encoding.PEM
        return {
            "tls.crt": shown.public_bytes(pem).decode(),
            "tls.key": key.private_bytes(pem, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()).decode(),
            "ca.crt": self.certificate.public_bytes(pem).decode(),
        }


class Secrets(dict):
    """Secrets by name; what nobody made is a word that nobody guesses."""

    def value(self, name, key):
        return self.setdefault(name, {}).setdefault(key, secrets.token_hex(24))


def processes(found, objects, known):
    """A workload as a process, or as several where each pod has a name; of others one stands for all."""
    _, spec = pod_of(found)
    container = spec["containers"][0]
    name, meta = found["metadata"]["labels"]["app.kubernetes.io/component"], found["metadata"]
    several = found["kind"] == "StatefulSet" and found["spec"]["replicas"] > 1
    for ordinal, pod in enumerate(pod_names(found) if several else [meta["name"]]):
        called = f"{name}-{ordinal}" if ordinal else name
        folders, files = mounted(spec, container, objects, known, called)
        folders |= {mount["mountPath"]: f"{mount['name']}-{pod}" for mount in container["volumeMounts"] if mount["name"] in claimed(found)}
        host = f"{pod}.{found['spec']['serviceName']}.{meta['namespace']}.svc.cluster.local" if several else ""
        yield Service(called, container["args"], variables(container, known, pod), folders, files, host, ordinal > 0)


def variables(container, known, pod):
    """As a kubelet has them: what a later one says of an earlier one is put in."""
    given = {}
    for variable in container.get("env", []):
        source = variable.get("valueFrom", {})
        if "secretKeyRef" in source:
            given[variable["name"]] = known.value(source["secretKeyRef"]["name"], source["secretKeyRef"]["key"])
        else:
            text = pod if "fieldRef" in source else variable["value"]
            given[variable["name"]] = re.sub(r"\$\((\w+)\)", lambda named: given[named[1]], text)
    return given


def mounted(spec, container, objects, known, called):
    """Folders, and files."""
    folders, files = {}, {}
    volumes = {volume["name"]: volume for volume in spec["volumes"]}
    for mount in (mount for mount in container["volumeMounts"] if mount["name"] in volumes):
        volume, path = volumes[mount["name"]], mount["mountPath"]
        if "secret" in volume:
            name = volume["secret"]["secretName"]
            for key in [item["key"] for item in volume["secret"].get("items", [])] or list(known[name]):
                files[f"{path}/{key}"] = known.value(name, key)
        elif "configMap" in volume:
            made = (one["data"] for one in objects if one["kind"] == "ConfigMap" and one["metadata"]["name"] == volume["configMap"]["name"])
            files |= {f"{path}/{key}": content for key, content in next(made, MANIFESTS).items()}
        else:
            folders[path] = volume.get("persistentVolumeClaim", {}).get("claimName") or f"{called}-{volume['name']}"
    return folders, files


def checked(values, more, armed, asked):
    """One set of values, run to its end."""
    with tempfile.TemporaryDirectory() as folder:
        folder = Path(folder)
        known, overrides = Secrets(), folder / "values.yaml"
        if armed:
            users = {user: nkey() for user in USERS}
            more = {**more, "nats": {"auth": {"users": {user: public for user, (_, public) in users.items()}}}}
            for user, (seed, _) in users.items():
                known[f"nkey-{user}"] = {"nkey": seed}
            known["files"] = dict(FILES)
            known["master"] = {"master-key": base64.b64encode(secrets.token_bytes(32)).decode()}
        overrides.write_text(yaml.safe_dump(more))
        text, said = rendering.helm("template", *rendering.RELEASE, "--values", values, "--values", overrides)
        if said:
            yield said
            return
        objects = rendering.objects(text)
        authority = Authority()
        for wanted in (found for found in objects if found["kind"] == "Certificate"):
            known[wanted["spec"]["secretName"]] = authority.issue(wanted)
        workloads = {found["metadata"]["labels"]["app.kubernetes.io/component"]: found for found in objects if found["kind"] in PODS}
        test = workloads.pop("test")
        alike = {name: list(processes(workloads[name], objects, known)) for name in ORDER}
        services = [one for name in ORDER for one in alike[name]]
        # What `helm test` and people have: the operator's certificate, here also the operator's user of NATS.
        container = test["spec"]["initContainers"][0]
        operator = Service("operator", ["downbeat"], variables(container, known, test["metadata"]["name"]), *mounted(test["spec"], container, objects, known, "operator"))
        hosts = [found["metadata"]["name"] for found in objects if found["kind"] == "Service"]
        with Running(services, folder, asked.programs.resolve(), asked.nats_server.resolve(), PORTS, hosts) as running:
            running.give(operator)
            typed = {name: running.here(value, operator) for name, value in operator.variables.items()}
            typed |= {name: value for name, value in running.environment(alike["coordinator"][0]).items() if name in ("DOWNBEAT_LOG", "DOWNBEAT_NATS_CA")}
            if armed:
                seed = folder / "operator.nkey"
                seed.write_text(known["nkey-operator"]["nkey"])
                seed.chmod(0o400)
                typed["DOWNBEAT_NATS_NKEY"] = str(seed)
            running.until("a gateway is ready", lambda: running.get("http://127.0.0.1:7401/ready"))
            running.until("the scheduler has the log", lambda: running.get("http://127.0.0.1:9464/metrics"))
            running.until("the projector has the log", lambda: running.get("http://127.0.0.1:9465/metrics"))
            yield from probe_faults(running, workloads, alike)
            yield from to_the_end(running, typed)
            for step in containers_of(test["spec"]):
                said = running.step(step["args"], typed, gateway_port=80)
                if said:
                    yield f"helm test: {step['name']}: {said}"
            if armed:
                yield from armed_faults(running, typed)
            yield from others_faults(running, workloads, alike, typed)
            yield from running.ended()


def probe_faults(running, workloads, alike):
    """Every probe of every pod, asked as a kubelet asks."""
    for name, found in workloads.items():
        if not any(kind in pod_of(found)[1]["containers"][0] for kind in PROBES):
            yield f"{name} has no probe"
        for one in alike[name]:
            until_probed(running, found, one)


def until_probed(running, found, one):
    container = pod_of(found)[1]["containers"][0]
    ports = {port["name"]: port["containerPort"] for port in container.get("ports", [])}
    for kind in (kind for kind in PROBES if kind in container):
        running.until(f"{kind} of {one.name}", lambda how=container[kind]: probed(running, one, how, ports))


def others_faults(running, workloads, alike, typed):
    """Of several, each is ended while a pipeline runs on the others: ours as in a rollout, a server of NATS as by a machine that dies."""
    given = running.environment(alike["gateway"][0])
    typed = typed | {"DOWNBEAT_SERVER": given["DOWNBEAT_COORDINATOR"], "DOWNBEAT_METADATA": given["DOWNBEAT_METADATA"]}
    for name, kill in (("coordinator", False), ("projector", False), ("nats", True)):
        for one in alike[name] if len(alike[name]) > 1 else []:
            said = running.stop(one, kill)
            if not kill and said != 0:
                yield f"{one.name} ends with {said}"
            running.command(typed, "run", "hello", "--wait")
            running.begin(one)
            until_probed(running, workloads[name], one)
    if len(alike["nats"]) > 1:
        yield from stranger_faults(running, alike)
    copies = len(alike["nats"])
    streams = json.loads(running.get("http://127.0.0.1:8222/jsz?accounts=true&streams=true&config=true"))
    kept = {one["name"]: one["config"]["num_replicas"] for account in streams["account_details"] for one in account.get("stream_detail", [])}
    if not {"DOWNBEAT_LOG_0", "DOWNBEAT_TRIGGER", "DOWNBEAT_EVENTS"} <= set(kept) or set(kept.values()) != {copies}:
        yield f"of {copies} servers each has not a copy of every stream: {kept}"


STRANGER = """server_name: stranger
listen: 127.0.0.1:-1
cluster {{
  name: downbeat
  listen: 127.0.0.1:-1
  routes: ["nats://127.0.0.1:{port}"]
  tls {{ cert_file: "{tls}/tls.crt", key_file: "{tls}/tls.key", ca_file: "{tls}/ca.crt" }}
}}
"""


def stranger_faults(running, alike):
    """Among the servers of NATS is who has their certificate, and nobody who has another one of the same authority."""
    first = alike["nats"][0]
    for whose, path, joins in (("worker", "/etc/downbeat/tls", False), ("nats", "/etc/nats-tls", True)):
        file = running.folder / f"stranger-{whose}.conf"
        file.write_text(STRANGER.format(port=running.port(first, 6222), tls=running.place(alike[whose][0], path)))
        with (running.folder / f"stranger-{whose}.txt").open("wb") as printed:
            process = subprocess.Popen([running.nats_server, "-c", file], stdout=printed, stderr=subprocess.STDOUT)
        try:
            until = time.monotonic() + (20 if joins else 4)
            joined = False
            while not joined and time.monotonic() < until:
                time.sleep(0.2)
                joined = "stranger" in [one.get("remote_name") for one in json.loads(running.get("http://127.0.0.1:8222/routez"))["routes"]]
        finally:
            process.terminate()
            process.wait()
        if joined is not joins:
            yield f"a server with the certificate of {whose} is {'' if joined else 'not '}let in among the servers:\n{Path(printed.name).read_text()}"


def probed(running, one, how, ports):
    """Whether the pod answers; an error if it does not."""
    way, asked = next((way, how[way]) for way in ("httpGet", "tcpSocket", "grpc", "exec") if way in how)
    if way == "exec":
        said = running.step([running.here(word, one) for word in asked["command"]], running.environment(one))
        if said is not None:
            raise OSError(said)
        return True
    port = running.port(one, ports.get(asked["port"], asked["port"]))
    if way == "httpGet":
        running.get(f"http://127.0.0.1:{port}{asked['path']}")
    elif way == "tcpSocket":
        socket.create_connection(("127.0.0.1", port), timeout=5).close()
    else:
        service = asked.get("service", "").encode()
        # HealthCheckRequest: the name of the service, if it is about one.
        asks = b"\x0a" + bytes([len(service)]) + service if service else b""
        with grpc.insecure_channel(f"127.0.0.1:{port}") as channel:
            try:
                said = channel.unary_unary("/grpc.health.v1.Health/Check")(asks, timeout=5)
            except grpc.RpcError as error:
                raise OSError(str(error)) from error
        # HealthCheckResponse with the status SERVING.
        if said != b"\x08\x01":
            raise OSError(f"health is {said!r}")
    return True


def armed_faults(running, typed):
    """What is there with certificates and users is really asked for."""
    bare = {name: value.replace("https://", "http://") for name, value in typed.items() if "TLS" not in name and "NKEY" not in name}
    for words in (["key", "list"], ["runs"], ["log", "verify"]):
        if running.step(["downbeat", *words], bare) is None:
            yield f"downbeat {' '.join(words)} works without a certificate and without a user"
    printed = running.printed()
    for word in ("NOBODY IS ASKED WHO THEY ARE HERE", "no connections are kept"):
        if word in printed:
            yield f"a service says: {word}"
    (running.folder / "asks.yml").write_text(ASKS)
    running.command(typed, "apply", str(running.folder / "asks.yml"))
    running.command(typed, "run", "asks", "--wait")
    running.command(typed, "connection", "set", "warehouse", "--integration", "HTTP", "--field", "base_url=https://example.com")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--programs", type=Path, required=True)
    parser.add_argument("--nats-server", type=Path, required=True)
    asked = parser.parse_args()
    faults = []
    for name, more, armed in (("minimal", {}, False), ("tls", ARMED, True), ("ha", ARMED, True)):
        faults += [f"{name}: {fault}" for fault in checked(rendering.HERE / "sets" / f"{name}.yaml", more, armed, asked)]
    for fault in faults:
        print(f"- {fault}")
    print(f"{len(faults)} faults")
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
