"""Checks the chart with the real helm, the schemas of two versions of Kubernetes, the real programs and the real nats-server.

    .cache/tools/helm/bin/python helm/check.py --programs target/debug [--nats-server FILE]
    .cache/tools/helm/bin/python helm/check.py --write     # values.yaml, the table of the README, accounts of NATS, dashboards, alerts, golden files

Prints what is wrong, one thing after the other, and ends with 1 if there is any. It needs no cluster, and none was asked.
"""

import argparse
import sys
from pathlib import Path

import objects
import programs
import releases
import rendering
import tables

ROOT = Path(__file__).parent.parent
sys.path.insert(0, str(ROOT / "deploy/monitoring"))
import write as monitoring

# The rights of users of NATS, and the chart's copy of them.
DEPLOYED, ACCOUNTS = ROOT / "deploy/nats/nats.conf", rendering.CHART / "files/nats-accounts.conf"


def faults(folder, server):
    yield from tables.faults()
    yield from monitoring.faults()
    yield from rendering.refusal_faults()
    yield from releases.faults()
    yield from rendering.stray_golden()
    if not ACCOUNTS.exists() or ACCOUNTS.read_text() != objects.accounts(DEPLOYED.read_text()):
        yield "helm/downbeat/files/nats-accounts.conf differs from deploy/nats/nats.conf: write it anew with --write"
    known = programs.Programs(folder)
    shown = list(rendering.documented_objects())
    yield from rendering.documented_faults()
    for one in shown:
        yield from (f"docs/kubernetes.md: {fault}" for fault in programs.kind_faults(one, rendering.VERSIONS))
    if not shown:
        yield "docs/kubernetes.md shows no pod for the command line"
    kinds = set()
    for values in rendering.sets():
        yield from rendering.lint_faults(values)
        texts = {}
        for version in rendering.VERSIONS:
            text, said = rendering.rendered(values, version)
            if said:
                yield f"{values.name} for Kubernetes {version}: {said}"
            texts[version] = text
        newest = texts[rendering.VERSIONS[-1]]
        if newest is None:
            continue
        if len(set(texts.values())) > 1:
            yield f"{values.name} renders differently for Kubernetes {', '.join(texts)}"
        yield from rendering.golden_faults(values)
        found = rendering.objects(newest)
        kinds |= {one["kind"] for one in found}
        said = [fault for one in found for fault in programs.kind_faults(one, rendering.VERSIONS)]
        said += [*objects.all_faults(found), *known.faults(found), *programs.alert_faults(found)]
        said += programs.nats_faults(server, objects.nats_config(found))
        yield from (f"{values.name}: {fault}" for fault in said)
    for schema in (Path(__file__).parent / "schemas").glob("*.json"):
        if schema.stem not in {kind.lower() for kind in kinds}:
            yield f"helm/schemas/{schema.name} is of a kind that no set of values renders"


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--programs", type=Path, help="folder of the programs that the chart runs")
    parser.add_argument("--nats-server", type=Path, help="a nats-server that looks at the configurations")
    parser.add_argument("--write", action="store_true", help="write what is written from other files anew")
    asked = parser.parse_args()
    if asked.write:
        ACCOUNTS.write_text(objects.accounts(DEPLOYED.read_text()))
        tables.write()
        monitoring.write()
        rendering.write_golden()
        return 0
    if asked.programs is None:
        parser.error("--programs is needed")
    found = list(faults(asked.programs, asked.nats_server))
    for fault in found:
        print(f"- {fault}")
    print(f"{len(found)} faults; {len(rendering.sets())} sets of values, Kubernetes {' and '.join(rendering.VERSIONS)}")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
