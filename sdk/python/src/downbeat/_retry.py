"""When a call is made again, and after how long. Pure: time and chance are arguments."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterable
from dataclasses import dataclass

import grpc

from downbeat._rpc import Kind

AGAIN = frozenset({grpc.StatusCode.UNAVAILABLE, grpc.StatusCode.RESOURCE_EXHAUSTED, grpc.StatusCode.ABORTED})
"""Nothing was done, or the same call says the same."""
PUSHBACK = "grpc-retry-pushback-ms"
"""What a server says in its trailers: come again after so many milliseconds; negative = do not."""

Trailers = Iterable[tuple[str, "str | bytes"]]


@dataclass(frozen=True)
class Retry:
    """How often calls are made that may be made again, and the pauses between: drawn from 0 to `first` seconds, then to twice that and so
    on, to `most` (full jitter). All of it ends with the `timeout` of the client, whatever stands here."""

    attempts: int = 8
    """Calls in all; 1 = never again."""
    first: float = 0.1
    """Seconds."""
    most: float = 5.0
    """Seconds."""

    def __post_init__(self) -> None:
        if self.attempts < 1 or self.first < 0 or self.most < self.first:
            raise ValueError(f"{self}: attempts are 1 or more, and 0 <= first <= most")

    def pause(self, attempt: int, draw: Callable[[], float] = random.random) -> float:
        """Seconds after the failed attempt of this number, from 1 on; `draw` gives 0 to 1."""
        return draw() * min(self.most, self.first * 2.0 ** min(attempt - 1, 60))


@dataclass
class Attempts:
    """Of one call."""

    retry: Retry
    kind: Kind
    deadline: float
    """On the clock that `next` is given."""
    made: int = 0

    def next(self, code: grpc.StatusCode, trailers: Trailers, now: float) -> float | None:
        """An attempt failed. Seconds until the next one; None = there is none."""
        self.made += 1
        if self.kind is Kind.ONCE or code not in AGAIN or self.made >= self.retry.attempts:
            return None
        pushed = pushback(trailers)
        if pushed is not None and pushed < 0:
            return None
        pause = self.retry.pause(self.made) if pushed is None else pushed
        return pause if now + pause < self.deadline else None

    def went_well(self) -> None:
        """Something came: what fails from here on is counted anew. Of streams."""
        self.made = 0


def pushback(trailers: Trailers) -> float | None:
    """What the server asks for, seconds; None = nothing. What cannot be read counts as `do not`, as gRPC has it."""
    for name, value in trailers:
        if name == PUSHBACK:
            try:
                return int(value) / 1000
            except ValueError:
                return -1.0
    return None
