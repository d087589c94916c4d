"""Writes what the programs are made of as CycloneDX 1.6: from what `cargo metadata` says on standard input, and checksums of Cargo.lock.

    cargo metadata --locked --format-version 1 --filter-platform x86_64-unknown-linux-gnu | python3 deploy/sbom.py > sbom.cdx.json

Holds what is linked into the six programs, and what it needs; not what only builds or tests them, and nothing of the image's other packages. The
same sources give the same bytes: there is no time in it.
"""

import json
import sys
import tomllib
import uuid
from pathlib import Path

PROGRAMS = ("downbeat", "downbeat-coordinator", "downbeat-gateway", "downbeat-metadata-projector", "downbeat-scheduler", "downbeat-worker")


def checksums():
    lock = tomllib.loads((Path(__file__).parent.parent / "Cargo.lock").read_text())
    return {(package["name"], package["version"]): package["checksum"] for package in lock["package"] if "checksum" in package}


def bill(metadata, known):
    packages = {package["id"]: package for package in metadata["packages"]}
    needs = {
        node["id"]: sorted(found["pkg"] for found in node["deps"] if any(kind["kind"] is None for kind in found["dep_kinds"]))
        for node in metadata["resolve"]["nodes"]
    }
    roots = sorted(id for id in metadata["workspace_members"] if packages[id]["name"] in PROGRAMS)
    if len(roots) != len(PROGRAMS):
        sys.exit(f"of {len(PROGRAMS)} programs {len(roots)} are there")
    reached, waiting = set(), list(roots)
    while waiting:
        id = waiting.pop()
        if id not in reached:
            reached.add(id)
            waiting.extend(needs[id])

    def name(id):
        return f"pkg:cargo/{packages[id]['name']}@{packages[id]['version']}"

    components = []
    for id in sorted(reached, key=name):
        package = packages[id]
        component = {"type": "application" if id in roots else "library", "bom-ref": name(id), "name": package["name"], "version": package["version"], "purl": name(id)}
        if package["license"]:
            # The older way of writing alternatives.
            component["licenses"] = [{"expression": package["license"].replace("/", " OR ")}]
        checksum = known.get((package["name"], package["version"]))
        if checksum:
            component["hashes"] = [{"alg": "SHA-256", "content": checksum}]
        if package["source"] and not checksum:
            sys.exit(f"{package['name']} {package['version']} is from elsewhere and has no checksum")
        if package["repository"]:
            component["externalReferences"] = [{"type": "vcs", "url": package["repository"]}]
        components.append(component)
    version = next(packages[id]["version"] for id in roots)
    whole = f"downbeat-programs@{version}"
    dependencies = [{"ref": whole, "dependsOn": [name(id) for id in roots]}]
    dependencies += [{"ref": name(id), "dependsOn": sorted({name(need) for need in needs[id]})} for id in sorted(reached, key=name)]
    found = {
        "$schema": "http://cyclonedx.org/schema/bom-1.6.schema.json",
        "bomFormat": "CycloneDX",
        "specVersion": "1.6",
        "version": 1,
        "metadata": {"component": {"type": "application", "bom-ref": whole, "name": "downbeat-programs", "version": version}},
        "components": components,
        "dependencies": dependencies,
    }
    found["serialNumber"] = f"urn:uuid:{uuid.uuid5(uuid.NAMESPACE_URL, json.dumps(found, sort_keys=True))}"
    return found


if __name__ == "__main__":
    json.dump(bill(json.load(sys.stdin), checksums()), sys.stdout, indent=1)
    print()
