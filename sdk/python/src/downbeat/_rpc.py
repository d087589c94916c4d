"""What an RPC is, for both clients: a path, two messages, and whether it may be asked again. Knows nothing of channels."""

from __future__ import annotations

import enum
import uuid
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from google.protobuf.message import Message

Request = TypeVar("Request", bound=Message)
Response = TypeVar("Response", bound=Message)


class Kind(enum.Enum):
    """What a client may do when it got no answer (sdk/rpcs.txt)."""

    READ = "read"
    """It changes nothing: it is asked again."""
    KEYED = "keyed"
    """It carries an idempotency key: it is asked again with the same key."""
    SAME = "same"
    """It is the same thing however often it is done: it is asked again."""
    ONCE = "once"
    """It is never asked again."""


@dataclass(frozen=True)
class Unary(Generic[Request, Response]):
    """One question, one answer."""

    path: str
    request: type[Request]
    response: type[Response]
    kind: Kind


@dataclass(frozen=True)
class Stream(Generic[Request, Response]):
    """One question, any number of answers."""

    path: str
    request: type[Request]
    response: type[Response]
    kind: Kind


def fields(message: type[Message]) -> Any:
    """Fields by name."""
    return message.DESCRIPTOR.fields_by_name


def with_key(request: Request) -> Request:
    """The request with an idempotency key, where it takes one and has none: a copy, so that the caller's may be used for a second call."""
    if "idempotency_key" not in fields(type(request)) or getattr(request, "idempotency_key"):
        return request
    keyed = type(request)()
    keyed.CopyFrom(request)
    setattr(keyed, "idempotency_key", str(uuid.uuid4()))
    return keyed
