"""Dashboards in short to what Grafana 10 and later reads.

Nothing of an instance is in them: the source of data is a variable, ids are places, a dashboard's uid is its name. Knows nothing of files.
"""

import json

# Columns of Grafana's grid, and how large what is.
WIDE, SIZES = 24, {"stat": (4, 4), "timeseries": (12, 8)}
SOURCE = {"type": "prometheus", "uid": "${datasource}"}
# Of Grafana 10.4; later ones read it as well.
SCHEMA = 39
SELECTED = 'namespace=~"$namespace"'


def expression(short):
    return short.replace("{%", "{" + SELECTED)


def options(panel):
    if panel["kind"] == "stat":
        return {"reduceOptions": {"calcs": ["lastNotNull"], "fields": "", "values": False}, "colorMode": "value", "graphMode": "area", "textMode": "auto", "justifyMode": "auto", "orientation": "auto"}
    return {"legend": {"displayMode": "list", "placement": "bottom", "showLegend": True}, "tooltip": {"mode": "multi", "sort": "desc"}}


def field(panel):
    defaults = {"unit": panel["unit"], "min": 0, "color": {"mode": "palette-classic"}}
    if panel["kind"] == "timeseries":
        defaults["custom"] = {"lineWidth": 1, "fillOpacity": 25 if panel["stacked"] else 5, "showPoints": "never", "stacking": {"mode": "normal" if panel["stacked"] else "none", "group": "A"}}
    return {"defaults": defaults, "overrides": []}


def shown(panel, number, x, y):
    wide, high = SIZES[panel["kind"]]
    targets = [
        {"refId": chr(ord("A") + place), "datasource": SOURCE, "expr": expression(asked), "legendFormat": legend or "__auto", "range": True}
        for place, (asked, legend) in enumerate(panel["asks"])
    ]
    return {
        "id": number, "type": panel["kind"], "title": panel["title"], "description": panel["about"], "datasource": SOURCE,
        "gridPos": {"x": x, "y": y, "w": wide, "h": high}, "targets": targets, "fieldConfig": field(panel), "options": options(panel),
    }


def variables():
    every = {"text": "All", "value": "$__all", "selected": True}
    return [
        {"name": "datasource", "label": "Data source", "type": "datasource", "query": "prometheus", "refresh": 1, "hide": 0, "includeAll": False, "multi": False, "options": [], "current": {}},
        {
            "name": "namespace", "label": "Namespace", "type": "query", "datasource": SOURCE, "refresh": 2, "sort": 1, "hide": 0, "includeAll": True, "allValue": ".*", "multi": True,
            "query": {"query": "label_values(downbeat_coordinator_take_overs_total, namespace)", "refId": "namespaces"},
            "definition": "label_values(downbeat_coordinator_take_overs_total, namespace)", "options": [], "current": every,
        },
    ]


def dashboard(short):
    name, title, about, rows = short
    panels, y = [], 0
    for heading, inside in rows:
        panels.append({"id": len(panels) + 1, "type": "row", "title": heading, "collapsed": False, "panels": [], "gridPos": {"x": 0, "y": y, "w": WIDE, "h": 1}})
        x, y, line = 0, y + 1, 0
        for panel in inside:
            wide, high = SIZES[panel["kind"]]
            # What does not fit, or is higher than what stands in the line, begins the next one.
            if x + wide > WIDE or (line and high != line):
                x, y = 0, y + line
            panels.append(shown(panel, len(panels) + 1, x, y))
            x, line = x + wide, high
        y += line
    return {
        "uid": f"downbeat-{name}", "title": title, "description": about, "tags": ["downbeat"], "schemaVersion": SCHEMA, "version": 1, "editable": True,
        "graphTooltip": 1, "refresh": "30s", "time": {"from": "now-6h", "to": "now"}, "timezone": "", "fiscalYearStartMonth": 0, "liveNow": False, "weekStart": "",
        "annotations": {"list": []}, "templating": {"list": variables()}, "panels": panels,
        "links": [{"title": "Downbeat", "type": "dashboards", "tags": ["downbeat"], "asDropdown": True, "includeVars": True, "keepTime": True, "icon": "external link", "url": "", "targetBlank": False, "tooltip": ""}],
    }


def text(short):
    return json.dumps(dashboard(short), indent=1, ensure_ascii=False) + "\n"
