"""Runs a command beside a Downbeat of its own.

    python sdk/with_downbeat.py [--program target/debug/downbeat] COMMAND ...

Promises that the command sees DOWNBEAT_URL and DOWNBEAT_KEY, and ends with the command's own status; that Downbeat is stopped and its data
removed afterwards. Knows nothing of what the command does.
"""

from __future__ import annotations

import argparse
import os
import re
import subprocess
import sys
import tempfile
import time
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parent.parent
READY_SECONDS_MAX = 60.0


def start(program: Path, folder: Path) -> tuple[subprocess.Popen[bytes], str, str]:
    """A Downbeat with its data in `folder`: the process, the address of its gateway, and a key."""
    ready, printed = folder / "ready", folder / "printed"
    command: list[str | Path] = [program, "dev", "--listen", "127.0.0.1:0", "--api", "127.0.0.1:0", "--data", folder / "data", "--ready-file", ready]
    command += ["--environments", REPOSITORY / ".cache" / "environments"]
    with printed.open("wb") as output:
        process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=output, stderr=subprocess.STDOUT)
    began = time.monotonic()
    while not ready.exists():
        if process.poll() is not None or time.monotonic() - began > READY_SECONDS_MAX:
            process.kill()
            sys.exit(f"{program} dev is not ready:\n{printed.read_text()}")
        time.sleep(0.02)
    _, gateway = ready.read_text().split()
    key = re.search(r"downbeat_[0-9a-f]{8}_\w+", printed.read_text())
    if key is None:
        process.kill()
        sys.exit(f"{program} dev has printed no key:\n{printed.read_text()}")
    return process, gateway, key.group()


def main() -> int:
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("--program", type=Path, default=REPOSITORY / "target" / "debug" / "downbeat")
    arguments.add_argument("command", nargs=argparse.REMAINDER)
    given = arguments.parse_args()
    if not given.command:
        arguments.error("which command?")
    if not given.program.is_file():
        sys.exit(f"no {given.program}: run `make build`, or say where it is with --program")
    with tempfile.TemporaryDirectory() as folder:
        process, url, key = start(given.program.resolve(), Path(folder))
        try:
            return subprocess.call(given.command, env={**os.environ, "DOWNBEAT_URL": url, "DOWNBEAT_KEY": key})
        finally:
            process.terminate()
            process.wait()


if __name__ == "__main__":
    sys.exit(main())
