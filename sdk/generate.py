"""Writes what the SDKs have from elsewhere: messages and RPCs from proto/, the version from Cargo.toml, the blocking client from the asyncio one.

    python sdk/generate.py [--check] [python|typescript|all]

Promises that the same sources give the same bytes; with --check it writes nothing, names every file that differs, and ends with 1. Needs the
packages of sdk/python's extra `dev`; for TypeScript also what `npm install` puts into sdk/typescript/node_modules.
"""

from __future__ import annotations

import argparse
import re
import sys
import tempfile
from importlib.resources import files
from pathlib import Path

from google.protobuf.descriptor_pb2 import FileDescriptorProto, FileDescriptorSet
from grpc_tools import protoc  # type: ignore[import-untyped]

SDK = Path(__file__).resolve().parent
PROTO = SDK.parent / "proto"
PYTHON = SDK / "python" / "src" / "downbeat"
TYPESCRIPT = SDK / "typescript" / "src"
PACKAGES = ("control", "events", "metadata")
KINDS = ("read", "keyed", "same", "once", "inside")
BY_HAND = "Written by sdk/generate.py: change {source} and run it again."

Files = dict[Path, str]


def sources() -> list[str]:
    """The .proto files that clients need, relative to proto/."""
    found = (path for package in PACKAGES for path in (PROTO / "downbeat" / package).rglob("*.proto"))
    return sorted(path.relative_to(PROTO).as_posix() for path in found)


def compile_protos(*arguments: str) -> None:
    status = protoc.main(["protoc", f"-I{PROTO}", f"-I{files('grpc_tools') / '_proto'}", *arguments, *sources()])
    if status != 0:
        sys.exit(f"protoc ended with {status}: see above")


def descriptors(folder: Path) -> list[FileDescriptorProto]:
    out = folder / "descriptors.bin"
    compile_protos(f"--descriptor_set_out={out}", "--include_source_info")
    return list(FileDescriptorSet.FromString(out.read_bytes()).file)


def kinds() -> dict[str, str]:
    """What rpcs.txt says, by `Service.Method`."""
    table: dict[str, str] = {}
    for number, line in enumerate((SDK / "rpcs.txt").read_text().splitlines(), 1):
        if not line.strip() or line.startswith("#"):
            continue
        name, _, kind = line.partition(" ")
        if kind.strip() not in KINDS or name in table:
            sys.exit(f"sdk/rpcs.txt:{number}: expected `Service.Method KIND` with a kind of {', '.join(KINDS)}, each method once")
        table[name] = kind.strip()
    return table


class Rpc:
    """One RPC as clients see it."""

    def __init__(self, package: str, service: str, method: str, request: str, response: str, streams: bool, says: str) -> None:
        self.path = f"/{package}.{service}/{method}"
        self.service, self.method = service, method
        self.request, self.response = request.lstrip("."), response.lstrip(".")
        self.streams, self.says, self.kind = streams, says, ""


def rpcs(found: list[FileDescriptorProto]) -> list[Rpc]:
    """Every RPC with its kind; ends with a message where rpcs.txt and proto/ do not agree."""
    table, listed, seen = kinds(), [], set()
    keyed = {
        f"{file.package}.{message.name}" for file in found for message in file.message_type
        if any(field.name == "idempotency_key" for field in message.field)
    }
    for file in found:
        comments = {tuple(place.path): place.leading_comments for place in file.source_code_info.location}
        for at, service in enumerate(file.service):
            for under, method in enumerate(service.method):
                says = " ".join(comments.get((6, at, 2, under), "").split())
                rpc = Rpc(file.package, service.name, method.name, method.input_type, method.output_type, method.server_streaming, says)
                name = f"{service.name}.{method.name}"
                seen.add(name)
                rpc.kind = table.get(name) or sys.exit(f"sdk/rpcs.txt does not have {name}: say there whether a client may ask it twice")
                if rpc.kind == "keyed" and rpc.request not in keyed:
                    sys.exit(f"sdk/rpcs.txt: {name} is keyed, but {rpc.request} has no idempotency_key")
                if rpc.kind != "inside":
                    listed.append(rpc)
    if gone := sorted(set(table) - seen):
        sys.exit(f"sdk/rpcs.txt: no such RPC: {', '.join(gone)}")
    return sorted(listed, key=lambda rpc: (rpc.service, rpc.method))


def version() -> str:
    """Of the workspace."""
    found = re.search(r'^\[workspace\.package\]\nversion = "([^"]+)"', (SDK.parent / "Cargo.toml").read_text(), re.MULTILINE)
    return found.group(1) if found else sys.exit("Cargo.toml: no version of the workspace")


# Python


def python_messages(folder: Path) -> Files:
    """Messages and their types, moved below the package so that they are nobody else's `downbeat`."""
    out = folder / "python"
    out.mkdir()
    plugin = Path(sys.executable).with_name("protoc-gen-mypy")
    compile_protos(f"--python_out={out}", f"--plugin=protoc-gen-mypy={plugin}", f"--mypy_out=quiet:{out}")
    written: Files = {PYTHON / "_proto" / "__init__.py": f'"""Messages and RPCs of proto/. {BY_HAND.format(source="proto/")}"""\n'}
    for path in sorted(out.rglob("*_pb2.py*")):
        text = re.sub(r"^(from|import) downbeat\.", r"\1 downbeat._proto.", path.read_text(), flags=re.MULTILINE)
        # Types of the stubs: `downbeat.events.v1.events_pb2.Asset`.
        text = re.sub(r"(?<![\w.'\"/])downbeat\.(control|events|metadata)\.v1\.", r"downbeat._proto.\1.v1.", text)
        place = PYTHON / "_proto" / path.relative_to(out / "downbeat")
        written[place] = text
        for above in (place.parent, place.parent.parent):
            written[above / "__init__.py"] = ""
    return written


def python_rpcs(listed: list[Rpc], found: list[FileDescriptorProto]) -> str:
    module = {
        f"{file.package}.{message.name}": file.name.removeprefix("downbeat/").removesuffix(".proto").replace("/", ".")
        for file in found for message in file.message_type
    }
    used = sorted({module[name] for rpc in listed for name in (rpc.request, rpc.response)})
    lines = [
        f'"""Every RPC that clients may call. {BY_HAND.format(source="proto/ or sdk/rpcs.txt")}"""',
        "",
        "from typing import Final",
        "",
    ]
    # Two packages have a file of the same name: control.v1.tool_state and metadata.v1.tool_state.
    short = {name: f"{name.partition('.')[0]}_{name.rpartition('.')[2]}" for name in used}
    lines += [f"from downbeat._proto.{name.rpartition('.')[0]} import {name.rpartition('.')[2]}_pb2 as {short[name]}" for name in used]
    lines += ["from downbeat._rpc import Kind, Stream, Unary", ""]

    def class_of(name: str) -> str:
        return f"{short[module[name]]}.{name.rpartition('.')[2]}"

    for service in sorted({rpc.service for rpc in listed}):
        lines += ["", f"class {service}:", f'    """RPCs of {service}."""']
        for rpc in (rpc for rpc in listed if rpc.service == service):
            shape = "Stream" if rpc.streams else "Unary"
            given = [f'"{rpc.path}"', class_of(rpc.request), class_of(rpc.response), f"Kind.{rpc.kind.upper()}"]
            lines += ["", f"    {rpc.method}: Final = {shape}("] + [f"        {part}," for part in given] + ["    )"]
            if rpc.says:
                lines += [f'    """{rpc.says}"""']
        lines += [""]
    return "\n".join(lines)


# The blocking client is the asyncio one without its waiting.
BLOCKING = [
    (r"\basync def\b", "def"),
    (r"\basync for\b", "for"),
    (r"\basync with\b", "with"),
    (r"\bawait ", ""),
    (r"\bgrpc\.aio\.", "grpc."),
    (r"\bAsyncIterator\b", "Iterator"),
    (r"\bAsyncClient\b", "Client"),
    (r"\bAsyncRun\b", "Run"),
    (r"\bAsyncEventPublisher\b", "EventPublisher"),
    (r"\b__aenter__\b", "__enter__"),
    (r"\b__aexit__\b", "__exit__"),
    (r"\basyncio\.sleep\b", "time.sleep"),
    # `time` is there.
    (r"^import (asyncio|grpc\.aio)\n", ""),
    (r"\bdownbeat\._async\b", "downbeat._sync"),
    (r"\basyncio client\b", "blocking client"),
]


def blocking_client() -> Files:
    written: Files = {}
    for path in sorted((PYTHON / "_async").glob("*.py")):
        text = path.read_text()
        for pattern, instead in BLOCKING:
            text = re.sub(pattern, instead, text, flags=re.MULTILINE)
        note = BY_HAND.format(source=f"../_async/{path.name}")
        written[PYTHON / "_sync" / path.name] = f"# {note}\n{text}"
    return written


def python(folder: Path) -> Files:
    found = descriptors(folder)
    written = python_messages(folder)
    written[PYTHON / "_proto" / "rpcs.py"] = python_rpcs(rpcs(found), found)
    written[PYTHON / "_version.py"] = f'"""Of the workspace. {BY_HAND.format(source="Cargo.toml")}"""\n\nVERSION = "{version()}"\n'
    return written | blocking_client()


# TypeScript


def typescript(folder: Path) -> Files:
    out = folder / "typescript"
    out.mkdir()
    plugin = SDK / "typescript" / "node_modules" / ".bin" / "protoc-gen-es"
    if not plugin.is_file():
        sys.exit(f"no {plugin.relative_to(SDK.parent)}: run `npm install` in sdk/typescript, or `make sdk`")
    compile_protos(f"--plugin=protoc-gen-es={plugin}", f"--es_out={out}", "--es_opt=target=ts,import_extension=js")
    written = {TYPESCRIPT / "gen" / path.relative_to(out / "downbeat"): path.read_text() for path in sorted(out.rglob("*.ts"))}
    listed = rpcs(descriptors(folder))
    lines = [
        f"// {BY_HAND.format(source='proto/ or sdk/rpcs.txt')}",
        "",
        "/** What a client may do when it got no answer: see sdk/rpcs.txt. */",
        'export type Kind = "read" | "keyed" | "same" | "once";',
        "",
        "/** Every RPC that clients may call, by its path. */",
        "export const KINDS: ReadonlyMap<string, Kind> = new Map<string, Kind>([",
        *(f'  ["{rpc.path}", "{rpc.kind}"],' for rpc in listed),
        "]);",
        "",
    ]
    package = SDK / "typescript" / "package.json"
    written[package] = re.sub(r'"version": "[^"]+"', f'"version": "{version()}"', package.read_text(), count=1)
    written[TYPESCRIPT / "gen" / "kinds.ts"] = "\n".join(lines)
    written[TYPESCRIPT / "gen" / "version.ts"] = (
        f"// {BY_HAND.format(source='Cargo.toml')}\n\n/** Of the workspace. */\nexport const VERSION = \"{version()}\";\n"
    )
    return written


# Both


def owned(language: str) -> list[Path]:
    """Folders whose every file is generated."""
    return [PYTHON / "_proto", PYTHON / "_sync"] if language == "python" else [TYPESCRIPT / "gen"]


def bring_up_to_date(wanted: Files, folders: list[Path], check: bool) -> list[str]:
    """Writes (or with `check` only names) what differs."""
    there = {path for folder in folders for path in folder.rglob("*") if path.is_file() and path.suffix in (".py", ".pyi", ".ts")}
    differs = []
    for path, text in wanted.items():
        if path.is_file() and path.read_text() == text:
            continue
        differs.append(path)
        if not check:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text)
    for path in there - set(wanted):
        differs.append(path)
        if not check:
            path.unlink()
    return sorted(path.relative_to(SDK.parent).as_posix() for path in differs)


def main() -> int:
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("language", nargs="?", choices=["python", "typescript", "all"], default="all")
    arguments.add_argument("--check", action="store_true", help="write nothing; say what differs")
    given = arguments.parse_args()
    languages = ["python", "typescript"] if given.language == "all" else [given.language]
    differs: list[str] = []
    for language in languages:
        with tempfile.TemporaryDirectory() as folder:
            wanted = (python if language == "python" else typescript)(Path(folder))
        differs += bring_up_to_date(wanted, owned(language), given.check)
    for path in differs:
        print(f"{'differs' if given.check else 'written'}: {path}")
    if given.check and differs:
        print("run sdk/generate.py and commit what it writes")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
