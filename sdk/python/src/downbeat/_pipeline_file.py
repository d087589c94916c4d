"""What `apply` makes of a file or a text: alias, text, and where its scripts are. By the rules of the command `downbeat apply`."""

from __future__ import annotations

import os
import re
from dataclasses import dataclass
from pathlib import Path

SOURCE_BYTES_MAX = 4 * 1024 * 1024
"""As the server has it."""


@dataclass(frozen=True)
class Source:
    """A pipeline to be applied."""

    alias: str
    text: str
    file_name: str
    source_root: str


def source_of(given: str | os.PathLike[str], alias: str | None) -> Source:
    """A path, or, where a string has more than one line, the text itself, which needs an alias."""
    if isinstance(given, str) and "\n" in given:
        if not alias:
            raise ValueError("a pipeline that is given as text needs an alias: apply(text, alias=\"...\")")
        return Source(alias, given, "", "")
    path = Path(given)
    size = path.stat().st_size
    if size > SOURCE_BYTES_MAX:
        raise ValueError(f"{path}: {size} bytes; at most {SOURCE_BYTES_MAX} are allowed")
    return Source(alias or alias_of(path), path.read_text(encoding="utf-8"), str(path), str(source_root(path)))


def alias_of(path: Path) -> str:
    """The file's name in lower case, other runs of characters as `_`; a file called `pipeline` takes its folder's name."""
    name = path.stem
    if name.lower() == "pipeline" and path.resolve().parent.name:
        name = path.resolve().parent.name
    return re.sub(r"[^a-z0-9]+", "_", name.lower()).strip("_") or "pipeline"


def source_root(path: Path) -> Path:
    """The repository that holds the file (the nearest folder above it with a `.git`), else the file's own folder."""
    folder = path.resolve().parent
    return next((above for above in (folder, *folder.parents) if (above / ".git").exists()), folder)
