"""Events that start pipelines, published on NATS as CloudEvents (docs/events.md); needs the extra `events`. Needs no gateway, and what is
stored is kept while Downbeat is down. Knows nothing of gRPC."""

from __future__ import annotations

import asyncio
import json
import threading
import uuid
from collections.abc import Coroutine
from dataclasses import dataclass
from datetime import datetime, timezone
from types import TracebackType
from typing import Any, TypeVar

from typing_extensions import Self

from downbeat.errors import DownbeatError

Result = TypeVar("Result")

PREFIX = "downbeat.trigger."
"""Subjects of events are below this."""
SOURCE = "/downbeat/sdk/python"
"""Of events that do not say where they come from."""
DEPTH = "downbeatdepth"
"""The CloudEvents extension that counts runs in a chain of causes."""


@dataclass(frozen=True)
class Stored:
    """NATS has it."""

    id: str
    """Of the event."""
    stream: str
    sequence: int


def cloud_event(
    data: Any, *, id: str, source: str, type: str, time: datetime | None = None, about: str = "", depth: int = 0
) -> bytes:
    """A CloudEvent 1.0 in the structured mode."""
    event: dict[str, Any] = {
        "specversion": "1.0",
        "id": id,
        "source": source,
        "type": type,
        "time": (time or datetime.now(timezone.utc)).isoformat(),
        "datacontenttype": "application/json",
        "data": data,
    }
    if about:
        event["subject"] = about
    if depth:
        event[DEPTH] = depth
    return json.dumps(event, allow_nan=False).encode()


class AsyncEventPublisher:
    """Publishes events for triggers on NATS. `servers` are URLs, such as nats://127.0.0.1:4222; `options` go to nats-py's `connect` (`token`,
    `user_credentials`, `tls`, ...)."""

    def __init__(self, *servers: str, **options: Any) -> None:
        self._servers = list(servers)
        self._options = options
        self._connection: Any = None

    async def publish(
        self,
        subject: str,
        data: Any = None,
        *,
        id: str = "",
        source: str = SOURCE,
        type: str = "downbeat.event",
        time: datetime | None = None,
        about: str = "",
        depth: int = 0,
        timeout: float = 10.0,
    ) -> Stored:
        """Publishes an event to `subject`, the part below `downbeat.trigger.`, and waits until NATS has stored it. The same `id` of the same
        `source` counts once for each trigger, so that repeating after an error is safe: give it an id. `about` is the CloudEvents attribute
        `subject`. Whoever publishes from inside a run says as `depth` that of its run's event plus one."""
        event_id = id or str(uuid.uuid4())
        payload = cloud_event(data, id=event_id, source=source, type=type, time=time, about=about, depth=depth)
        headers = {"content-type": "application/cloudevents+json"}
        context = (await self._connected()).jetstream()
        # Through JetStream: the answer means that the message is stored, and a full stream is an error here and not a loss.
        stored = await context.publish(PREFIX + subject, payload, timeout=timeout, headers=headers)
        return Stored(event_id, stored.stream, stored.seq)

    async def close(self) -> None:
        """Ends the connection."""
        if self._connection is not None:
            await self._connection.close()
            self._connection = None

    async def _connected(self) -> Any:
        if not self._servers:
            raise DownbeatError("where NATS is was not said: Client(..., nats=\"nats://...\"), or DOWNBEAT_NATS")
        if self._connection is None:
            try:
                from nats.aio.client import Client
            except ImportError as error:
                raise ImportError("publishing on NATS needs nats-py: install it, or this package with its extra `events`") from error
            connection = Client()
            await connection.connect(self._servers, **{"allow_reconnect": False, **self._options})
            self._connection = connection
        return self._connection

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.close()


class EventPublisher:
    """The same for programs that are not asynchronous. The connection lives in a thread of its own, which ends with `close()`."""

    def __init__(self, *servers: str, **options: Any) -> None:
        self._publisher = AsyncEventPublisher(*servers, **options)
        self._lock = threading.Lock()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._thread: threading.Thread | None = None

    def publish(
        self,
        subject: str,
        data: Any = None,
        *,
        id: str = "",
        source: str = SOURCE,
        type: str = "downbeat.event",
        time: datetime | None = None,
        about: str = "",
        depth: int = 0,
        timeout: float = 10.0,
    ) -> Stored:
        """As of `AsyncEventPublisher`."""
        return self._wait(
            self._publisher.publish(
                subject, data, id=id, source=source, type=type, time=time, about=about, depth=depth, timeout=timeout
            )
        )

    def close(self) -> None:
        """Ends the connection."""
        if self._loop is None:
            return
        self._wait(self._publisher.close())
        with self._lock:
            loop, thread, self._loop, self._thread = self._loop, self._thread, None, None
        if loop is not None and thread is not None:
            loop.call_soon_threadsafe(loop.stop)
            thread.join()
            loop.close()

    def _wait(self, what: Coroutine[Any, Any, Result]) -> Result:
        with self._lock:
            if self._loop is None:
                self._loop = asyncio.new_event_loop()
                self._thread = threading.Thread(target=self._loop.run_forever, name="downbeat-events", daemon=True)
                self._thread.start()
            loop = self._loop
        return asyncio.run_coroutine_threadsafe(what, loop).result()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()
