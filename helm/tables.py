"""What is written from the schema of the values: values.yaml and the table of the README.

The schema is the one place where a value is described; both files are held against it by check.py. Knows nothing about templates.
"""

import json
import textwrap
from pathlib import Path

import yaml

CHART = Path(__file__).parent / "downbeat"
BEGIN, END = "<!-- values: written by helm/check.py -->", "<!-- end -->"


def schema():
    return json.loads((CHART / "values.schema.json").read_text())


def resolved(node, document):
    """The node with what it refers to; its own words go before those of the definition."""
    if "$ref" not in node:
        return node
    definition = document["definitions"][node["$ref"].rsplit("/", 1)[1]]
    return {**definition, **{key: value for key, value in node.items() if key != "$ref"}}


def inside(node):
    """Values of this one that are described by themselves; none where it is a value as a whole."""
    return {} if "default" in node else node.get("properties", {})


def values(node, document):
    """Defaults, as the chart has them without anybody's words."""
    node = resolved(node, document)
    parts = inside(node)
    if not parts:
        return node.get("default")
    return {name: values(part, document) for name, part in parts.items() if name != "global"}


def written_values():
    """The text of values.yaml."""
    document = schema()
    lines = ["# Values of the chart, as they are where nobody says anything. Written by helm/check.py from values.schema.json."]

    def write(node, depth):
        for name, part in inside(node).items():
            part = resolved(part, document)
            if name == "global":
                continue
            pad = "  " * depth
            if depth == 0:
                lines.append("")
            lines.extend(textwrap.wrap(part.get("description", ""), 118 - len(pad), initial_indent=f"{pad}# ", subsequent_indent=f"{pad}# ", break_on_hyphens=False))
            if inside(part):
                lines.append(f"{pad}{name}:")
                write(part, depth + 1)
            else:
                lines.append(f"{pad}{name}: {json.dumps(part['default'])}")

    write(document, 0)
    return "\n".join(lines) + "\n"


def leaves(node, document, path=()):
    """Every value: its path, its node."""
    for name, part in inside(node).items():
        part = resolved(part, document)
        if inside(part):
            yield from leaves(part, document, (*path, name))
        elif name != "global":
            yield (*path, name), part


def table():
    """The table of the README, with pods and resources said once."""
    document = schema()
    rows = ["| value | by default | |", "|---|---|---|"]
    pods = []
    for path, node in leaves(document, document):
        name = ".".join(path)
        if "pod" in path:
            # Each service has the same ones.
            service = path[0]
            if service not in pods:
                pods.append(service)
            if pods[0] != service:
                continue
            name = "SERVICE." + ".".join(path[1:])
        default = json.dumps(node["default"])
        default = default if len(default) <= 60 else "see values.yaml"
        cell = node.get("description", "").replace("|", "\\|")
        rows.append(f"| `{name}` | {default if default.startswith('see') else '`' + default + '`'} | {cell} |")
    rows.append("")
    rows.append("SERVICE is each of " + ", ".join(f"`{service}`" for service in pods) + ".")
    return "\n".join(rows)


def written_readme():
    """The text of the README, its table written anew."""
    text = (CHART / "README.md").read_text()
    before, rest = text.split(BEGIN, 1)
    return f"{before}{BEGIN}\n{table()}\n{END}{rest.split(END, 1)[1]}"


def faults():
    """What is wrong with the schema itself, or not written from it."""
    document = schema()

    def look(node, path):
        node = resolved(node, document)
        where = ".".join(path) or "the schema"
        if path and path[-1] != "global" and not node.get("description"):
            yield f"{where} has no description"
        if node.get("type") == "object" and path[-1:] != ("global",) and path[-1:] != ("affinity",):
            if node.get("additionalProperties") is not False and not isinstance(node.get("additionalProperties"), dict):
                yield f"{where} takes whatever it is given: say additionalProperties"
        parts = inside(node)
        if path and not parts and path[-1] != "global" and "default" not in node:
            yield f"{where} has no default"
        for name, part in parts.items():
            yield from look(part, (*path, name))

    yield from look(document, ())
    for file, text in (("values.yaml", written_values()), ("README.md", written_readme())):
        found = CHART / file
        if not found.exists() or found.read_text() != text:
            yield f"helm/downbeat/{file} is not what the schema says: helm/check.py --write"
    if yaml.safe_load(written_values()) != values(document, document):
        yield "values.yaml does not read back as the defaults of the schema"


def write():
    (CHART / "values.yaml").write_text(written_values())
    (CHART / "README.md").write_text(written_readme())
