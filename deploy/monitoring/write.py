"""Writes what dashboards.py and alerts.py stand for, or says what of it is not up to date.

    .cache/tools/helm/bin/python deploy/monitoring/write.py [--check]

Dashboards: deploy/grafana/, and the chart's copy. Alerts: deploy/prometheus/rules.yaml and rules_test.yaml, which `promtool test rules` runs, and the
chart's alerts.yaml, in which `@gateway@` is still to become the selector of a release. Also `helm/check.py` calls this.
"""

import re
import sys
from pathlib import Path

import yaml

import alerts
import dashboards
import grafana

ROOT = Path(__file__).parent.parent.parent
CHART = ROOT / "helm/downbeat/files"
SAYS = "# Written by deploy/monitoring/write.py from alerts.py.\n"
RUNBOOKS = "docs/runbooks.md"
# promtool's moment of judgement; series have a value for each minute until then.
AT = "1h"


def selected(expression, selectors):
    """Selectors in place of their names; one that is empty leaves no comma."""
    text = re.sub(r"@(\w+)@", lambda found: selectors[found[1]], expression)
    return text.replace("{,", "{").replace("{}", "")


def rule(alert, expression, runbooks):
    return {
        "alert": alert["name"], "expr": expression, "for": alert["for"], "labels": {"severity": alert["severity"]},
        "annotations": {"summary": alert["summary"], "runbook_url": f"{runbooks}#{alert['name'].lower()}"},
    }


def groups(make):
    services = dict.fromkeys(alert["of"] for alert in alerts.ALERTS)
    return [{"name": f"downbeat-{service}", "rules": [make(alert) for alert in alerts.ALERTS if alert["of"] == service]} for service in services]


def dumped(document):
    return yaml.safe_dump(document, sort_keys=False, width=1_000, allow_unicode=True)


def plain_selectors():
    return {service: f'job="downbeat-{service}"' for service in alerts.SERVICES}


def plain_rules():
    """Rules of a Prometheus that knows services by their jobs."""
    return SAYS + dumped({"groups": groups(lambda alert: rule(alert, selected(alert["expr"], plain_selectors()), RUNBOOKS))})


def chart_rules():
    """The same for the chart, which puts selectors and the address of the runbooks in."""
    return SAYS + dumped(groups(lambda alert: rule(alert, alert["expr"], "@runbooks@")))


def series(name, service):
    bare, _, inner = name.partition("{")
    labels = ",".join(part for part in (f'job="downbeat-{service}"', inner.rstrip("}")) if part)
    return f"{bare}{{{labels}}}"


def service_of(name, alert):
    """Whose series it is: an expression may speak of several services."""
    return next((service for service in alerts.SERVICES if name.startswith(f"downbeat_{service}_")), alert["of"])


def rule_tests():
    """For each alert, series with which it fires, and series with which it does not."""
    tests = []
    for alert in alerts.ALERTS:
        for what, fires in (("fires", True), ("quiet", False)):
            given = [{"series": series(name, service_of(name, alert)), "values": values} for name, values in alert[what]]
            test = {"interval": "1m", "name": f"{alert['name']} {'fires' if fires else 'does not fire'}", "input_series": given}
            expected = [{"exp_labels": {"severity": alert["severity"], **kept(alert)}, "exp_annotations": rule(alert, "", RUNBOOKS)["annotations"]}] if fires else []
            test["alert_rule_test"] = [{"eval_time": AT, "alertname": alert["name"], "exp_alerts": expected}]
            tests.append(test)
    return SAYS + dumped({"rule_files": ["rules.yaml"], "evaluation_interval": "1m", "tests": tests})


def kept(alert):
    """Labels that the answer of an expression keeps of its series."""
    grouped = re.match(r"(?:sum|max) by \((\w+)\)", alert["expr"])
    name, _ = alert["fires"][0]
    if grouped:
        return {grouped[1]: re.search(rf'{grouped[1]}="([^"]*)"', name)[1]}
    return {"job": f"downbeat-{alert['of']}"} if alert["expr"].startswith("downbeat_") else {}


def files():
    """Every file that is written: where it is, and what stands in it."""
    for short in dashboards.DASHBOARDS:
        text = grafana.text(short)
        yield ROOT / f"deploy/grafana/{short[0]}.json", text
        yield CHART / f"dashboards/{short[0]}.json", text
    yield ROOT / "deploy/prometheus/rules.yaml", plain_rules()
    yield ROOT / "deploy/prometheus/rules_test.yaml", rule_tests()
    yield CHART / "alerts.yaml", chart_rules()


def faults():
    known = dict(files())
    for path, text in known.items():
        if not path.exists() or path.read_text() != text:
            yield f"{path.relative_to(ROOT)} is not what deploy/monitoring/write.py writes: run it"
    for folder in (ROOT / "deploy/grafana", CHART / "dashboards"):
        yield from (f"{path.relative_to(ROOT)} is no dashboard of dashboards.py" for path in folder.glob("*.json") if path not in known)
    anchors = set(re.findall(r"^## (\w+)$", (ROOT / RUNBOOKS).read_text(), re.M))
    names = {alert["name"] for alert in alerts.ALERTS}
    yield from (f"{RUNBOOKS} has no section {name}" for name in sorted(names - anchors))
    yield from (f"{RUNBOOKS} has {name}, which is no alert" for name in sorted(anchors - names) if name.startswith("Downbeat"))
    documented = ROOT / "docs/metrics.md"
    measured = set(re.findall(r"^\| `(downbeat_\w+)` \|", documented.read_text() if documented.exists() else "", re.M))
    asked = [(f"the alert {alert['name']}", alert["expr"]) for alert in alerts.ALERTS]
    asked += [(f"the panel {panel['title']!r} of {short[0]}", short_of) for short in dashboards.DASHBOARDS for _, row in short[3] for panel in row for short_of, _ in panel["asks"]]
    for who, expression in asked:
        for metric in sorted(set(re.findall(r"\bdownbeat_\w+", re.sub(r'"[^"]*"', "", expression)))):
            if metric not in measured and re.sub(r"_(bucket|sum|count)$", "", metric) not in measured:
                yield f"{who} is about {metric}, which docs/metrics.md does not have"


def write():
    for path, text in files():
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)


def main():
    if "--check" not in sys.argv[1:]:
        return write()
    found = list(faults())
    for fault in found:
        print(f"- {fault}")
    print(f"{len(found)} faults")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
