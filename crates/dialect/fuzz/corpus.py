#!/usr/bin/env python3
"""Keeps a fuzz corpus as one file: `corpus.py unpack NAME FOLDER` and `corpus.py pack NAME FOLDER`.

A line of corpus/NAME.jsonl is one input: a JSON text, or {"hex": ...} where the bytes are no UTF-8.
"""

import hashlib
import json
import pathlib
import sys

HERE = pathlib.Path(__file__).parent / "corpus"


def unpack(name: str, folder: pathlib.Path) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    for line in (HERE / f"{name}.jsonl").read_text(encoding="utf-8").splitlines():
        value = json.loads(line)
        data = bytes.fromhex(value["hex"]) if isinstance(value, dict) else value.encode()
        (folder / hashlib.sha1(data).hexdigest()).write_bytes(data)


def pack(name: str, folder: pathlib.Path) -> None:
    lines = set()
    for file in folder.iterdir():
        data = file.read_bytes()
        try:
            lines.add(json.dumps(data.decode()))
        except UnicodeDecodeError:
            lines.add(json.dumps({"hex": data.hex()}))
    HERE.mkdir(exist_ok=True)
    text = "".join(f"{line}\n" for line in sorted(lines, key=lambda line: (len(line), line)))
    (HERE / f"{name}.jsonl").write_text(text, encoding="utf-8")


if __name__ == "__main__":
    {"unpack": unpack, "pack": pack}[sys.argv[1]](sys.argv[2], pathlib.Path(sys.argv[3]))
