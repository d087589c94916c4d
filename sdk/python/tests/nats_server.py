"""A real nats-server with JetStream on a free port of loopback, ended with its `with`."""

from __future__ import annotations

import asyncio
import json
import os
import subprocess
import time
from pathlib import Path
from types import TracebackType
from typing import Any

import nats
import pytest

REPOSITORY = Path(__file__).resolve().parents[3]


class NatsServer:
    """Says its address in a file of its own."""

    def __init__(self, folder: Path) -> None:
        program = Path(os.environ.get("DOWNBEAT_NATS_SERVER") or REPOSITORY / ".cache/tools/bin/nats-server")
        if not program.is_file():
            pytest.fail(f"no nats-server ({program}): `make tools` installs one")
        self._command: list[str | Path] = [program, "-js", "-a", "127.0.0.1", "-p", "-1", "-sd", folder / "store", "--ports_file_dir", folder]
        self._folder = folder

    def __enter__(self) -> NatsServer:
        with (self._folder / "nats.txt").open("wb") as output:
            self._process = subprocess.Popen(self._command, stdout=output, stderr=subprocess.STDOUT)
        began = time.monotonic()
        while True:
            for file in self._folder.glob("nats-server_*.ports"):
                if text := file.read_text():
                    self.url = json.loads(text)["nats"][0]
                    return self
            if self._process.poll() is not None or time.monotonic() - began > 30:
                self._process.kill()
                pytest.fail(f"nats-server is not ready:\n{(self._folder / 'nats.txt').read_text()}")
            time.sleep(0.01)

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self._process.kill()
        self._process.wait()

    def make_stream(self, name: str, subject: str) -> None:
        async def make() -> None:
            connection = await nats.connect(self.url)
            await connection.jetstream().add_stream(name=name, subjects=[subject])
            await connection.close()

        asyncio.run(make())

    def message(self, stream: str, sequence: int) -> Any:
        """A message that the stream holds."""

        async def read() -> Any:
            connection = await nats.connect(self.url)
            found = await connection.jetstream().get_msg(stream, sequence)
            await connection.close()
            return found

        return asyncio.run(read())
