"""Events that start pipelines, given straight to the server by the asyncio client. Over NATS: `downbeat.nats`."""

from __future__ import annotations

import uuid
from datetime import datetime
from typing import Any

from downbeat import errors, types
from downbeat._async.transport import Transport
from downbeat._proto.control.v1 import control_pb2
from downbeat._proto.rpcs import ControlService
from downbeat.values import micros, to_json

SOURCE = "/downbeat/sdk/python"
"""Of events that do not say where they come from."""


class Events:
    """`client.events`."""

    def __init__(self, transport: Transport) -> None:
        self._transport = transport

    async def publish(
        self,
        subject: str,
        data: Any = None,
        *,
        id: str = "",
        source: str = SOURCE,
        type: str = "",
        time: datetime | None = None,
        about: str = "",
        depth: int = 0,
    ) -> list[types.EventTaker]:
        """Gives an event to every trigger that listens to `subject`, the part below `downbeat.trigger.`, and says what each made of it. The
        same `id` of the same `source` counts once; without one the event is one of its own. `about` is the CloudEvents attribute `subject`.
        Whoever publishes from inside a run says as `depth` that of its run's event plus one."""
        event = control_pb2.IncomingEvent(
            address=subject,
            id=id or str(uuid.uuid4()),
            source=source,
            type=type,
            subject=about,
            data=to_json(data),
            depth=depth,
        )
        if time is not None:
            event.time = micros(time)
        answer = await self._transport.call(ControlService.TakeEvents, control_pb2.TakeEventsRequest(events=[event]))
        outcome = answer.outcomes[0] if answer.outcomes else control_pb2.EventOutcome()
        if outcome.HasField("refused"):
            refused = outcome.refused
            raise errors.of_number(refused.status, refused.message, ControlService.TakeEvents.path, refused.code)
        return list(outcome.taken.takers)
