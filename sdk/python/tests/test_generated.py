"""What is committed is what sdk/generate.py writes, and it says every RPC of proto/ once."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from downbeat import rpcs
from downbeat._rpc import Kind, Stream, Unary, fields

SDK = Path(__file__).resolve().parents[2]


def test_committed_code_is_what_is_generated() -> None:
    check: list[str | Path] = [sys.executable, SDK / "generate.py", "--check", "python"]
    done = subprocess.run(check, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    assert done.returncode == 0, done.stdout


def every_rpc() -> dict[str, Unary | Stream]:  # type: ignore[type-arg]
    services = [getattr(rpcs, name) for name in rpcs.__all__ if name.endswith("Service")]
    return {
        f"{service.__name__}.{name}": rpc
        for service in services
        for name, rpc in vars(service).items()
        if isinstance(rpc, (Unary, Stream))
    }


def test_keyed_rpcs_have_keys_and_queries_ask_for_positions() -> None:
    found = every_rpc()
    assert len(found) > 70
    for name, rpc in found.items():
        keyed = "idempotency_key" in fields(rpc.request)
        assert keyed or rpc.kind is not Kind.KEYED, name
        # A call with a key that is not asked again shows something once.
        assert not keyed or rpc.kind in (Kind.KEYED, Kind.ONCE), name
        assert "at_least" not in fields(rpc.request) or rpc.kind is Kind.READ, name
