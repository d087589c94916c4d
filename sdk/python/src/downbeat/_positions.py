"""Read your writes: the furthest place in the log that any answer has shown, sent with every query. Knows nothing of channels."""

from __future__ import annotations

import threading

from google.protobuf.message import Message

from downbeat._proto.metadata.v1.position_pb2 import Position
from downbeat._rpc import Request, fields


class Positions:
    """The furthest position. May be used by several threads."""

    def __init__(self) -> None:
        self._furthest: Position | None = None
        self._lock = threading.Lock()

    @property
    def furthest(self) -> Position | None:
        """What has been seen; None before the first answer that has one."""
        with self._lock:
            return self._furthest

    def see(self, answer: Message) -> None:
        """Remembers the position of an answer, if it goes further. That of another log takes the place of what was known."""
        if "position" not in fields(type(answer)) or not answer.HasField("position"):
            return
        position: Position = getattr(answer, "position")
        with self._lock:
            known = self._furthest
            other_log = known is not None and (known.log_id, known.partition) != (position.log_id, position.partition)
            if known is None or other_log or position.sequence > known.sequence:
                self._furthest = Position()
                self._furthest.CopyFrom(position)

    def ask(self, request: Request) -> Request:
        """The request with what its answer must at least reflect, where it takes that and does not say so itself: a copy."""
        furthest = self.furthest
        if furthest is None or "at_least" not in fields(type(request)) or request.HasField("at_least"):
            return request
        asking = type(request)()
        asking.CopyFrom(request)
        getattr(asking, "at_least").CopyFrom(furthest)
        return asking
