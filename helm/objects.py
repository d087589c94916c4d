"""The rules of the house for what the chart renders: who runs it and what it may, what belongs together, who may reach whom.

Works on objects alone; knows nothing about values and helm.
"""

import re

import yaml

# Objects that have pods, and pods themselves.
PODS = ("Deployment", "StatefulSet", "Pod")
# Who is asked by `helm test` and nobody else's address.
ADDRESS = re.compile(r"(?:https?|nats|tls)://([a-z0-9-]+?|\$\(POD_NAME\))(?:\.([a-z0-9-]+)[a-z0-9.-]*)?:(\d+)")


def named(found):
    return f"{found['kind']}/{found['metadata']['name']}"


def pod_of(found):
    """Labels and spec of its pods."""
    template = found if found["kind"] == "Pod" else found["spec"]["template"]
    return template["metadata"]["labels"], template["spec"]


def claimed(found):
    """Names of volumes for which the cluster makes a claim for each pod."""
    return [claim["metadata"]["name"] for claim in found["spec"].get("volumeClaimTemplates", [])]


def containers_of(spec):
    return [*spec.get("initContainers", []), *spec["containers"]]


def fits(selector, labels):
    return all(labels.get(key) == value for key, value in selector.items())


def all_faults(objects):
    keys = [(found["kind"], found["metadata"].get("namespace"), found["metadata"]["name"]) for found in objects]
    for key in {key for key in keys if keys.count(key) > 1}:
        yield f"{key} is there twice"
    pods = [found for found in objects if found["kind"] in PODS]
    for found in pods:
        yield from (f"{named(found)}: {fault}" for fault in pod_faults(found, objects))
    yield from service_faults(objects, pods)
    yield from other_faults(objects, pods)
    yield from network_faults(objects, pods)
    yield from certificate_faults(objects)


def pod_faults(found, objects):
    labels, spec = pod_of(found)
    security = spec.get("securityContext", {})
    wanted = {"runAsNonRoot": True, "seccompProfile": {"type": "RuntimeDefault"}}
    for key, value in wanted.items():
        if security.get(key) != value:
            yield f"securityContext.{key} is {security.get(key)}"
    if not security.get("runAsUser") or not security.get("fsGroup"):
        yield "has no user, or no group of files"
    if spec.get("enableServiceLinks") is not False:
        yield "has variables of Services' names, which look like ours"
    if any(spec.get(key) for key in ("hostNetwork", "hostPID", "hostIPC")):
        yield "is let into the host"
    account = spec.get("serviceAccountName")
    bound = {subject["name"] for role in objects if role["kind"] == "RoleBinding" for subject in role["subjects"]}
    if spec.get("automountServiceAccountToken") is not (account in bound):
        yield f"has a token of {account}: {spec.get('automountServiceAccountToken')}, but rights: {account in bound}"
    if found["kind"] != "Pod" and not fits(found["spec"]["selector"]["matchLabels"], labels):
        yield "does not select its own pods"
    volumes = {volume["name"] for volume in spec.get("volumes", [])} | set(claimed(found))
    claims = {claim["metadata"]["name"] for claim in objects if claim["kind"] == "PersistentVolumeClaim"}
    for volume in spec.get("volumes", []):
        if not {"emptyDir", "secret", "configMap", "persistentVolumeClaim"} & set(volume):
            yield f"has the volume {volume}"
        if "secret" in volume and volume["secret"].get("defaultMode") != 0o400:
            yield f"shows the Secret of {volume['name']} to others"
        claim = volume.get("persistentVolumeClaim", {}).get("claimName")
        prefix = next(iter(claims), "").rsplit("-", 1)[0]
        if claim and prefix and claim.startswith(prefix) and claim not in claims:
            yield f"wants the claim {claim}, which nobody makes"
    used = set()
    for container in containers_of(spec):
        used |= {mount["name"] for mount in container.get("volumeMounts", [])}
        yield from (f"{container['name']}: {fault}" for fault in container_faults(container))
    if used != volumes:
        yield f"mounts {sorted(used)} of the volumes {sorted(volumes)}"


def container_faults(container):
    security = container.get("securityContext", {})
    wanted = {"allowPrivilegeEscalation": False, "readOnlyRootFilesystem": True, "capabilities": {"drop": ["ALL"]}}
    if security != wanted:
        yield f"securityContext is {security}"
    image = container["image"]
    if not re.search(r"(@sha256:[0-9a-f]{64}|:(?!latest$)[\w.-]+)$", image):
        yield f"the image {image} has no version"
    resources = container.get("resources", {})
    if not all(resources.get("requests", {}).get(key) for key in ("cpu", "memory")) or not resources.get("limits", {}).get("memory"):
        yield f"asks for {resources}: processor, memory and a limit of memory are needed"
    names = [variable["name"] for variable in container.get("env", [])]
    for name in {name for name in names if names.count(name) > 1}:
        yield f"{name} is set twice"
    mounts = {mount["mountPath"] for mount in container.get("volumeMounts", [])}
    for variable in container.get("env", []):
        for path in re.findall(r"(?:^|=)(/(?:etc|var|tmp)[^,]*)", variable.get("value", "")):
            if not any(path == mount or path.startswith(mount + "/") for mount in mounts):
                yield f"{variable['name']} is {path}, where nothing is mounted"
    ports = {port.get("name"): port["containerPort"] for port in container.get("ports", [])}
    for probe in ("startupProbe", "livenessProbe", "readinessProbe"):
        how = container.get(probe, {})
        port = next((how[kind]["port"] for kind in ("httpGet", "tcpSocket", "grpc") if kind in how), None)
        if port is not None and port not in ports and port not in ports.values():
            yield f"{probe} asks at {port}, which is no port of it"


def service_faults(objects, pods):
    for service in (found for found in objects if found["kind"] == "Service"):
        behind = [found for found in pods if fits(service["spec"]["selector"], pod_of(found)[0])]
        if len(behind) != 1:
            yield f"{named(service)} has {len(behind)} kinds of pods behind it"
            continue
        if service["spec"].get("clusterIP") == "None" and (behind[0]["spec"].get("serviceName") != service["metadata"]["name"] or not service["spec"].get("publishNotReadyAddresses")):
            yield f"{named(service)} gives no names to {named(behind[0])}, or not before it is ready"
        ports = {port["name"] for container in pod_of(behind[0])[1]["containers"] for port in container.get("ports", [])}
        for port in service["spec"]["ports"]:
            if port["targetPort"] not in ports:
                yield f"{named(service)} leads to {port['targetPort']}, which {named(behind[0])} has not"


def other_faults(objects, pods):
    by_name = {named(found): found for found in objects}
    for found in objects:
        spec, kind = found.get("spec", {}), found["kind"]
        if kind == "HorizontalPodAutoscaler" or kind == "ScaledObject":
            target = by_name.get(f"Deployment/{spec['scaleTargetRef']['name']}")
            if target is None or "replicas" in target["spec"]:
                yield f"{named(found)} scales nobody, or somebody whose number is set"
        if kind in ("PodDisruptionBudget", "NetworkPolicy"):
            selector = (spec.get("selector") or spec.get("podSelector"))["matchLabels"]
            if sum(fits(selector, pod_of(pod)[0]) for pod in pods) != 1:
                yield f"{named(found)} is for {selector}, which is not one kind of pods"
        if kind == "ServiceMonitor":
            ports = [
                port["name"]
                for service in objects
                if service["kind"] == "Service" and fits(spec["selector"]["matchLabels"], service["metadata"]["labels"])
                for port in service["spec"]["ports"]
            ]
            if ports.count(spec["endpoints"][0]["port"]) != 1:
                yield f"{named(found)} finds the ports {ports}"
        if kind == "Certificate":
            uris = spec.get("uris", [])
            if len(uris) > 1 or (not uris and "nats" not in found["metadata"]["name"]):
                yield f"{named(found)} is of {uris}: a certificate is of one service"
    wanted = {volume["secret"]["secretName"] for pod in pods for volume in pod_of(pod)[1].get("volumes", []) if "secret" in volume}
    for found in objects:
        if found["kind"] == "Certificate" and found["spec"]["secretName"] not in wanted and not found["metadata"]["name"].endswith("-operator"):
            yield f"{named(found)} makes a Secret that nobody mounts"


def network_faults(objects, pods):
    """Every address that a pod is given is one that both sides' policies let it reach, and no other of ours is let through."""
    policies = [found for found in objects if found["kind"] == "NetworkPolicy"]
    if not policies:
        return
    who = {pod_of(pod)[0]["app.kubernetes.io/component"]: pod for pod in pods}
    ports = {}
    for name, pod in who.items():
        ports[name] = {port["name"]: port["containerPort"] for container in pod_of(pod)[1]["containers"] for port in container.get("ports", [])}
    asked = set()
    services = {found["metadata"]["name"]: found for found in objects if found["kind"] == "Service"}
    for name, pod in who.items():
        for container in containers_of(pod_of(pod)[1]):
            texts = [variable.get("value", "") for variable in container.get("env", []) if variable["name"] != "DOWNBEAT_WORKER_CALLBACKS_URL"]
            texts += configured(pod, objects)
            for host, domain, port in ADDRESS.findall(" ".join([*texts, *container["args"]])):
                service = services.get(host) or services.get(domain)
                if service is None:
                    continue
                if service["metadata"]["name"] != host and host not in names_behind(service, pods):
                    yield f"{name} is given {host}.{domain}, which is no pod"
                    continue
                target = service["spec"]["selector"]["app.kubernetes.io/component"]
                leads = next((found["targetPort"] for found in service["spec"]["ports"] if found["port"] == int(port)), None)
                if leads is None:
                    yield f"{name} is given {host}:{port}, which the Service has not"
                    continue
                asked.add((name, target, ports[target][leads]))
    for way, peers in (("egress", "to"), ("ingress", "from")):
        allowed = set()
        for policy in policies:
            mine = policy["spec"]["podSelector"]["matchLabels"]["app.kubernetes.io/component"]
            if policy["spec"]["policyTypes"] != ["Ingress", "Egress"]:
                yield f"{named(policy)} leaves a way open"
            for rule in policy["spec"].get(way, []):
                others = [peer.get("podSelector", {}).get("matchLabels", {}).get("app.kubernetes.io/component") for peer in rule.get(peers, [])]
                # A rule that names nobody is for everybody; of ours only `helm test` asks the gateway.
                others = [other for other in others if other in who] if peers in rule else [other for other in ("test",) if mine == "gateway" and other in who]
                for other in others:
                    for port in rule.get("ports", []):
                        pair = (mine, other) if way == "egress" else (other, mine)
                        allowed.add((*pair, port["port"]))
        for missing in sorted(asked - allowed):
            yield f"{way}: {missing[0]} may not reach {missing[1]} at {missing[2]}, which it is told to ask"
        for idle in sorted(allowed - asked):
            yield f"{way}: {idle[0]} may reach {idle[1]} at {idle[2]}, and never asks there"
    missing = set(who) - {policy["spec"]["podSelector"]["matchLabels"]["app.kubernetes.io/component"] for policy in policies}
    if missing:
        yield f"pods without a policy: {sorted(missing)}"


def configured(pod, objects):
    """Texts of files that the pod is given beside Secrets."""
    wanted = {volume["configMap"]["name"] for volume in pod_of(pod)[1].get("volumes", []) if "configMap" in volume}
    maps = (found for found in objects if found["kind"] == "ConfigMap" and found["metadata"]["name"] in wanted)
    return [text for found in maps for text in found["data"].values()]


def names_behind(service, pods):
    """Names that pods have by a Service without an address, and the one by which a pod calls itself."""
    found = next((found for found in pods if found["spec"].get("serviceName") == service["metadata"]["name"]), None)
    return [] if found is None else ["$(POD_NAME)", *pod_names(found)]


def pod_names(found):
    """Names of the pods of a StatefulSet, in their order."""
    return [f"{found['metadata']['name']}-{ordinal}" for ordinal in range(found["spec"]["replicas"])]


def certificate_faults(objects):
    """Every name at which pods are called over TLS is one of the certificate that is shown there."""
    names = {found["spec"]["secretName"]: found["spec"].get("dnsNames", []) for found in objects if found["kind"] == "Certificate"}
    pods = [found for found in objects if found["kind"] in PODS]
    services = [found for found in objects if found["kind"] == "Service"]
    texts = [variable.get("value", "") for pod in pods for container in containers_of(pod_of(pod)[1]) for variable in container.get("env", [])]
    texts += [text for pod in pods for text in configured(pod, objects)]
    for host in set(re.findall(r"(?:https|tls|nats)://([^/:,\s]+):(?:7410|7412|4222|6222)\b", " ".join(texts))):
        first, _, rest = host.partition(".")
        service = next((found for found in services if found["metadata"]["name"] in (first, rest.partition(".")[0])), None)
        if service is None:
            continue
        shown = {
            volume["secret"]["secretName"]
            for pod in pods
            if fits(service["spec"]["selector"], pod_of(pod)[0])
            for volume in pod_of(pod)[1]["volumes"]
            if volume["name"] == "tls"
        }
        for secret in shown & set(names):
            if host not in names[secret] and f"*.{rest}" not in names[secret]:
                yield f"{host} shows the certificate of {secret}, which is for {names[secret]}"


def nats_config(objects):
    """The configuration of the chart's own server, if there is one."""
    return next((found["data"]["nats.conf"] for found in objects if found["kind"] == "ConfigMap" and "nats.conf" in found.get("data", {})), None)


# Above the accounts in the chart's copy of them.
OF_ACCOUNTS = "# Who may do what on the server: the accounts of deploy/nats/nats.conf, which says why. `helm/check.py --write` copies them.\n"


def accounts(deployed):
    """The accounts of a configuration of NATS, as the chart keeps them."""
    start = deployed.index("\naccounts {") + 1
    return OF_ACCOUNTS + deployed[start : deployed.index("\n}\n", start) + 3]
