"""Runs and task runs of all pipelines, for the asyncio client."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from datetime import datetime

from downbeat import types
from downbeat._async import pages
from downbeat._async.run import AsyncRun
from downbeat._async.transport import Transport
from downbeat._proto.metadata.v1 import metadata_pb2
from downbeat._proto.rpcs import MetadataService
from downbeat.values import micros


class Runs:
    """`client.runs`."""

    def __init__(self, transport: Transport) -> None:
        self._transport = transport

    async def get(self, run_id: str) -> AsyncRun:
        """A run by its whole id. NotFound, if there is none."""
        answer = await self._transport.call(MetadataService.GetRun, metadata_pb2.GetRunRequest(run_id=run_id))
        return AsyncRun(self._transport, answer.run.id)

    async def list(
        self,
        *,
        pipeline: str = "",
        statuses: Sequence[str] = (),
        environments: Sequence[str] = (),
        since: datetime | None = None,
        until: datetime | None = None,
        page_size: int = 0,
    ) -> AsyncIterator[types.Run]:
        """Runs, newest first, page by page; created in [since, until). A filter fits what has one of its values."""
        found = pages.rows(
            self._transport,
            MetadataService.ListRuns,
            _runs(pipeline, statuses, environments, since, until, page_size=page_size),
            lambda page: page.runs,
        )
        async for run in found:
            yield run

    async def count(
        self,
        *,
        pipeline: str = "",
        statuses: Sequence[str] = (),
        environments: Sequence[str] = (),
        since: datetime | None = None,
        until: datetime | None = None,
    ) -> int:
        """How many there are. OutOfRange where that would be too many to count: narrow the filters."""
        request = _runs(pipeline, statuses, environments, since, until, page_size=1)
        request.count = True
        return (await self._transport.call(MetadataService.ListRuns, request)).total

    async def tasks(
        self,
        *,
        run_id: str = "",
        statuses: Sequence[str] = (),
        integrations: Sequence[str] = (),
        since: datetime | None = None,
        until: datetime | None = None,
        page_size: int = 0,
    ) -> AsyncIterator[types.TaskRun]:
        """Task runs over all runs, or of one: those of newer runs first."""
        request = metadata_pb2.ListTaskRunsRequest(
            run_id=run_id,
            statuses=statuses,
            integrations=integrations,
            to=micros(until),
            page_size=page_size,
        )
        # `from` is a word of Python.
        setattr(request, "from", micros(since))
        found = pages.rows(self._transport, MetadataService.ListTaskRuns, request, lambda page: page.task_runs)
        async for task in found:
            yield task


def _runs(
    pipeline: str,
    statuses: Sequence[str],
    environments: Sequence[str],
    since: datetime | None,
    until: datetime | None,
    page_size: int,
) -> metadata_pb2.ListRunsRequest:
    request = metadata_pb2.ListRunsRequest(
        pipeline=pipeline,
        statuses=statuses,
        environments=environments,
        to=micros(until),
        page_size=page_size,
    )
    setattr(request, "from", micros(since))
    return request
