"""What the wire says in its own way, as Python has it: instants, amounts, JSON. Pure."""

from __future__ import annotations

import json
from datetime import datetime, timedelta, timezone
from decimal import Decimal
from typing import Any

_EPOCH = datetime(1970, 1, 1, tzinfo=timezone.utc)


def instant(micros: int) -> datetime | None:
    """Microseconds since the epoch as a datetime in UTC; 0, which means "not yet", as None."""
    return _EPOCH + timedelta(microseconds=micros) if micros else None


def micros(at: datetime | None) -> int:
    """A datetime as microseconds since the epoch; None as 0. One without a zone is refused: nobody knows when it was."""
    if at is None:
        return 0
    if at.tzinfo is None:
        raise ValueError(f"{at!r} has no time zone: say datetime(..., tzinfo=timezone.utc), or .astimezone()")
    return (at - _EPOCH) // timedelta(microseconds=1)


def amount(millionths: str) -> Decimal:
    """Decimal digits of millionths, as sums of costs are sent, as an exact amount."""
    return Decimal(millionths or "0").scaleb(-6)


def to_json(value: Any) -> str:
    """A value as JSON text; None as nothing."""
    return "" if value is None else json.dumps(value, allow_nan=False)


def from_json(text: str) -> Any:
    """JSON text as a value; nothing as None."""
    return json.loads(text) if text else None
