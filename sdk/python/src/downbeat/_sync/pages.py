# Written by sdk/generate.py: change ../_async/pages.py and run it again.
"""Lists that come in pages, as one iterator of the blocking client: a page is asked for when the one before is used up."""

from __future__ import annotations

from collections.abc import Iterator, Callable, Iterable
from typing import Any, TypeVar

from downbeat._sync.transport import Transport
from downbeat._rpc import Request, Response, Unary
from downbeat.errors import DownbeatError

Row = TypeVar("Row")


def rows(
    transport: Transport,
    rpc: Unary[Request, Response],
    request: Request,
    rows_of: Callable[[Response], Iterable[Row]],
) -> Iterator[Row]:
    """Every row of every page. A page may be empty although more follow."""
    asking: Any = request
    while True:
        answer: Any = transport.call(rpc, request)
        for row in rows_of(answer):
            yield row
        if not answer.next_page_token:
            return
        if answer.next_page_token == asking.page_token:
            raise DownbeatError(f"{rpc.path} gave the same page token twice: the list would never end")
        asking.page_token = answer.next_page_token
