"""Every example is run as people run it, and says what it should."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from nats_server import NatsServer

EXAMPLES = Path(__file__).parent.parent / "examples"
SAYS = {
    "run_pipeline.py": ["hello is SUCCEEDED", "the run SUCCEEDED", "  hello moon", "- "],
    "many_at_once.py": ["10 of 10 SUCCEEDED"],
    "lineage_and_costs.py": [
        "0 above: sdkpython/shop.report",
        "2 above: sdkpython/raw.orders",
        "breaks: sdkpython/shop.orders, sdkpython/shop.report",
        "written by: report",
        "12.345678 EUR",
    ],
    "list_runs.py": ["3 of 3 runs are listed; the newest is of 20", "refused: "],
}


def run(name: str, **environment: str) -> str:
    done = subprocess.run(
        [sys.executable, EXAMPLES / name],
        env={**os.environ, **environment},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=120,
    )
    assert done.returncode == 0, f"{name} ended with {done.returncode}:\n{done.stdout}"
    return done.stdout


def test_every_example_is_run() -> None:
    assert {path.name for path in EXAMPLES.glob("*.py")} == {*SAYS, "publish_on_nats.py"}


@pytest.mark.parametrize("name", SAYS)
def test_example(name: str, url: str) -> None:
    said = run(name)
    for words in SAYS[name]:
        assert words in said, said


def test_publish_on_nats(tmp_path: Path) -> None:
    with NatsServer(tmp_path) as server:
        server.make_stream("DOWNBEAT_TRIGGER", "downbeat.trigger.>")
        said = run("publish_on_nats.py", NATS_URL=server.url)
        assert "delivery-3 is DOWNBEAT_TRIGGER 1" in said and "delivery-5 is DOWNBEAT_TRIGGER 2" in said, said
