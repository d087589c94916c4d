# Written by sdk/generate.py: change ../_async/client.py and run it again.
"""The blocking client: where everything begins."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping, Sequence
from types import TracebackType
from typing import Any

from typing_extensions import Self

from downbeat import types
from downbeat._sync.assets import Assets
from downbeat._sync.costs import Costs
from downbeat._sync.lineage import Lineages
from downbeat._sync.pipelines import Pipelines
from downbeat._sync.run import Run
from downbeat._sync.runs import Runs
from downbeat._sync.transport import Transport
from downbeat._proto.control.v1 import control_pb2
from downbeat._proto.metadata.v1 import answers_pb2
from downbeat._proto.rpcs import AnswerService, ControlService
from downbeat._retry import Retry
from downbeat._rpc import Request, Response, Stream, Unary
from downbeat.nats import EventPublisher
from downbeat.values import to_json


class Client:
    """A connection to Downbeat.

    `url` is that of the gateway, such as https://downbeat.example.com; `key` what `downbeat key create` printed; `account` the account of the
    key, which need not be said. `timeout` is what a call may take, attempts and pauses together, in seconds; `retry` how calls are made again
    that may be. `reason` stands in the audit beside everything that this client does. `tls_roots` are PEM certificates to trust instead of
    those that gRPC has. `nats` are the servers that `events` publishes on.

    The connection is opened by the first call and closed by `close()` or at the end of `with`. One client serves many calls at once.
    """

    def __init__(
        self,
        url: str,
        key: str | None = None,
        account: str | None = None,
        *,
        timeout: float = 30.0,
        retry: Retry = Retry(),
        reason: str | None = None,
        tls_roots: bytes | None = None,
        nats: str | Sequence[str] = (),
    ) -> None:
        self._transport = Transport(
            url, key, account, timeout=timeout, retry=retry, reason=reason, tls_roots=tls_roots
        )
        self.pipelines = Pipelines(self._transport)
        self.runs = Runs(self._transport)
        self.lineage = Lineages(self._transport)
        self.costs = Costs(self._transport)
        self.assets = Assets(self._transport)
        self.events = EventPublisher(*([nats] if isinstance(nats, str) else nats))

    @classmethod
    def from_environment(cls, **options: Any) -> Self:
        """A client of what DOWNBEAT_URL, DOWNBEAT_KEY, DOWNBEAT_ACCOUNT and DOWNBEAT_NATS say; `options` are those of the class."""
        options.setdefault("nats", os.environ.get("DOWNBEAT_NATS", "").split())
        url = os.environ.get("DOWNBEAT_URL", "http://127.0.0.1:7400")
        return cls(url, os.environ.get("DOWNBEAT_KEY") or None, os.environ.get("DOWNBEAT_ACCOUNT") or None, **options)

    def run(
        self,
        pipeline: str,
        inputs: Mapping[str, Any] | None = None,
        *,
        environment: str = "",
        variables: Mapping[str, Any] | None = None,
        version: int = 0,
        branch: str = "",
        commit: str = "",
        tasks: Sequence[str] = (),
        downstream: bool = False,
        idempotency_key: str = "",
    ) -> Run:
        """Starts a run of a pipeline (alias or id). `variables` are read by ENV.NAME instead of those of the environment; `version` may be a
        draft; `branch` and `commit` are for pipelines whose file is kept in a repository; `tasks` (ids of tasks or groups) are all that runs,
        with `downstream` also what follows from them. The same `idempotency_key` for the same pipeline gives the same run; without one the
        client draws one, so that a start that is repeated because an answer was lost is one run."""
        request = control_pb2.StartRunRequest(
            pipeline=pipeline,
            inputs=to_json(inputs),
            environment_variables=to_json(variables),
            idempotency_key=idempotency_key,
            environment=environment,
            task_ids=tasks,
            continue_downstream=downstream,
            version=version,
            branch=branch,
            commit=commit,
        )
        answer = self._transport.call(ControlService.StartRun, request)
        return Run(self._transport, answer.run_id, answer.existed)

    def now(self, *, limit: int = 0) -> types.Now:
        """What is live, what waits and for what, what is late, what comes next; so many entries of each (0 = 10, at most 100)."""
        return self._transport.call(AnswerService.GetNow, answers_pb2.GetNowRequest(limit=limit))

    def broken(self, *, limit: int = 0) -> types.Broken:
        """What fails now, by its cause: since when, what changed before, what it takes along, what to type; so many groups (0 = 20, at most
        200)."""
        return self._transport.call(AnswerService.GetBroken, answers_pb2.GetBrokenRequest(limit=limit))

    def call(self, rpc: Unary[Request, Response], request: Request) -> Response:
        """Any RPC of `downbeat.rpcs`, for what has no method here: with the same key, attempts, positions and errors."""
        return self._transport.call(rpc, request)

    def stream(
        self, rpc: Stream[Request, Response], request: Request, *, timeout: float | None = None
    ) -> Iterator[Response]:
        """The same of an RPC that answers with a stream. One that breaks is asked for again from its beginning."""
        for answer in self._transport.stream(rpc, lambda: request, timeout):
            yield answer

    @property
    def position(self) -> types.Position | None:
        """The furthest place in the log that an answer has shown. Every query asks for at least that: you read what you wrote."""
        return self._transport.positions.furthest

    def close(self) -> None:
        """Ends what is under way."""
        self._transport.close()
        self.events.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()
