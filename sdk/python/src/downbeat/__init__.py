"""Downbeat from Python: start and watch runs, ask for lineage and costs, publish events.

    from downbeat import Client

    with Client("http://127.0.0.1:7400", key="downbeat_...") as client:
        result = client.run("weather", inputs={"year": 2026}).wait(progress=True, check=True)

`AsyncClient` is the same for asyncio. Messages are those of the wire (`downbeat.types`); what has no method, `client.call` asks
(`downbeat.rpcs`); what goes wrong is a `downbeat.errors.DownbeatError`.
"""

from downbeat import errors, rpcs, types
from downbeat._async.client import AsyncClient
from downbeat._async.run import AsyncRun
from downbeat._retry import Retry
from downbeat._sync.client import Client
from downbeat._sync.run import Run
from downbeat._version import VERSION as __version__
from downbeat.errors import CallError, DownbeatError, RunFailed, WaitTimeout
from downbeat.results import Cost, RunChange, RunResult, name_of
from downbeat.values import amount, from_json, instant

__all__ = [
    "AsyncClient",
    "AsyncRun",
    "CallError",
    "Client",
    "Cost",
    "DownbeatError",
    "Retry",
    "Run",
    "RunChange",
    "RunFailed",
    "RunResult",
    "WaitTimeout",
    "__version__",
    "amount",
    "errors",
    "from_json",
    "instant",
    "name_of",
    "rpcs",
    "types",
]
