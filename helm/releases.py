"""What the chart refuses because of what is in the cluster already: helm asks it, and here the answers are ours.

Promises that no cluster is asked. Knows nothing about values that are wrong by themselves (refusals.yaml).
"""

import http.server
import json
import threading

import rendering

# What runs (name of a StatefulSet: its pods), what is wanted, and the words by which helm refuses it; empty: it does not.
CASES = (
    ({}, "nats.replicas=3", ""),
    ({"downbeat-nats": 1}, "nats.replicas=1", ""),
    ({"downbeat-nats": 3}, "nats.replicas=3", ""),
    ({"downbeat-nats": 1}, "nats.replicas=3", "nats.replicas: 1 servers have the log of this release, and their number cannot be changed in place"),
    ({"downbeat-nats": 3}, "nats.replicas=1", "nats.replicas: 3 servers have the log of this release"),
    ({"downbeat-projector": 1}, "projector.replicas=2", "remove the StatefulSet downbeat-projector first"),
    ({"downbeat-projector": 2}, "projector.replicas=1", "remove the StatefulSet downbeat-projector first"),
    ({"downbeat-projector": 2}, "projector.replicas=5", ""),
    ({"downbeat-coordinator": 1}, "coordinator.replicas=3", ""),
)
STATEFULSETS = {"name": "statefulsets", "singularName": "statefulset", "namespaced": True, "kind": "StatefulSet", "verbs": ["get", "list"]}
VERSION = {"groupVersion": "apps/v1", "version": "v1"}
# What every cluster says of itself.
SAID = {
    "/version": {"major": "1", "minor": "37", "gitVersion": "v1.37.0"},
    "/api": {"kind": "APIVersions", "versions": ["v1"]},
    "/api/v1": {"kind": "APIResourceList", "groupVersion": "v1", "resources": []},
    "/apis": {"kind": "APIGroupList", "apiVersion": "v1", "groups": [{"name": "apps", "versions": [VERSION], "preferredVersion": VERSION}]},
    "/apis/apps/v1": {"kind": "APIResourceList", "groupVersion": "apps/v1", "resources": [STATEFULSETS]},
}
MISSING = {"kind": "Status", "apiVersion": "v1", "status": "Failure", "reason": "NotFound", "code": 404, "message": "not found"}


class Cluster(http.server.BaseHTTPRequestHandler):
    """A cluster in which some StatefulSets run."""

    def do_GET(self):
        path, runs = self.path.split("?")[0], self.server.runs
        name = path.removeprefix("/apis/apps/v1/namespaces/downbeat/statefulsets/")
        found = SAID.get(path)
        if name in runs:
            found = {"apiVersion": "apps/v1", "kind": "StatefulSet", "metadata": {"name": name, "namespace": "downbeat"}, "spec": {"replicas": runs[name]}}
        body = json.dumps(found or MISSING).encode()
        self.send_response(200 if found else 404)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        """Nobody reads who asked for what."""


def faults():
    """What is refused where it should not be, or the other way round."""
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Cluster) as cluster:
        threading.Thread(target=cluster.serve_forever, daemon=True).start()
        at = ["--dry-run=server", "--kube-apiserver", f"http://127.0.0.1:{cluster.server_port}"]
        for cluster.runs, wanted, says in CASES:
            text, said = rendering.helm("template", *rendering.RELEASE, *at, "--set", wanted)
            if (text is None) is not bool(says) or says not in (said or ""):
                yield f"where {cluster.runs} runs, {wanted} should be {'refused: ' + says if says else 'taken'}; helm says: {said}"
        cluster.shutdown()
