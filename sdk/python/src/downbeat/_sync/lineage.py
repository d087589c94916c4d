# Written by sdk/generate.py: change ../_async/lineage.py and run it again.
"""Which asset came of which, over all runs, for the blocking client."""

from __future__ import annotations

from datetime import datetime

from downbeat import types
from downbeat._sync.transport import Transport
from downbeat._proto.metadata.v1 import lineage_pb2
from downbeat._proto.rpcs import LineageService
from downbeat.values import micros


class Lineages:
    """`client.lineage`. An asset is named by its key, or by an unambiguous end of it (`orders`, `public.orders`)."""

    def __init__(self, transport: Transport) -> None:
        self._transport = transport

    def upstream(
        self, asset: str, depth: int = 0, *, column: str = "", at: datetime | None = None
    ) -> types.Lineage:
        """What it came of, so many edges away (0 = 5, at most 100); of one column; as it was then."""
        return self._lineage(asset, lineage_pb2.LINEAGE_DIRECTION_UPSTREAM, depth, column, at)

    def downstream(
        self, asset: str, depth: int = 0, *, column: str = "", at: datetime | None = None
    ) -> types.Lineage:
        """What came of it, so many edges away (0 = 5, at most 100); of one column; as it was then."""
        return self._lineage(asset, lineage_pb2.LINEAGE_DIRECTION_DOWNSTREAM, depth, column, at)

    def impact(self, asset: str, *, column: str = "", at: datetime | None = None) -> types.Impact:
        """What breaks if it, or a column of it, goes or changes: everything that depends on it, however far away."""
        request = lineage_pb2.GetImpactRequest(asset=asset, column=column, at_time=micros(at))
        return self._transport.call(LineageService.GetImpact, request)

    def path(self, source: str, target: str, *, at: datetime | None = None) -> types.LineagePath:
        """A shortest way from one asset to the other; no edges = there is none."""
        request = lineage_pb2.FindLineagePathRequest(to=target, at_time=micros(at))
        # `from` is a word of Python.
        setattr(request, "from", source)
        return self._transport.call(LineageService.FindLineagePath, request)

    def _lineage(
        self, asset: str, direction: lineage_pb2.LineageDirection.ValueType, depth: int, column: str, at: datetime | None
    ) -> types.Lineage:
        request = lineage_pb2.GetLineageRequest(
            asset=asset, direction=direction, depth=depth, column=column, at_time=micros(at)
        )
        return self._transport.call(LineageService.GetLineage, request)
