"""A run, as the asyncio client holds it: waiting, its log, why it is as it is, and what may be done to it."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from typing import Any, Literal

from downbeat import types
from downbeat._async import pages
from downbeat._async.transport import Transport
from downbeat._proto.control.v1 import control_pb2
from downbeat._proto.metadata.v1 import metadata_pb2
from downbeat._proto.rpcs import ControlService, MetadataService
from downbeat.errors import DeadlineExceeded, DownbeatError, RunFailed, WaitTimeout
from downbeat.results import Lines, RunChange, RunResult, Watched, print_progress, result_of
from downbeat.values import to_json


class AsyncRun:
    """A handle of a run: it has an id and asks the server for everything else. Tasks are named by their id, `id[2]` for iteration 2 of a
    matrix (from 0), or by a `types.TaskRun`."""

    def __init__(self, transport: Transport, id: str, existed: bool = False) -> None:
        self._transport = transport
        self.id = id
        """The whole id."""
        self.existed = existed
        """Of a start: the idempotency key was seen before, and this is the run of then."""

    def __repr__(self) -> str:
        return f"<Run {self.id}>"

    async def get(self) -> RunResult:
        """The run with its tasks as they are now."""
        request = metadata_pb2.GetRunRequest(run_id=self.id)
        answer = await self._transport.call(MetadataService.GetRun, request)
        return result_of(answer.run, answer.task_runs)

    async def watch(self, *, timeout: float | None = None) -> AsyncIterator[RunChange]:
        """The run now and after every change, until it has ended. Goes on where the connection breaks. After `timeout` seconds:
        DeadlineExceeded."""
        async for change, _ in self._changes(timeout):
            yield change

    async def wait(
        self,
        *,
        progress: Callable[[RunChange], object] | bool = False,
        timeout: float | None = None,
        check: bool = False,
    ) -> RunResult:
        """Waits until it has ended. `progress` is called with every change; True prints them. After `timeout` seconds: WaitTimeout, and the
        run goes on. With `check`, a run that did not end well is RunFailed."""
        tell = print_progress if progress is True else progress or None
        seen: Watched | None = None
        try:
            async for change, seen in self._changes(timeout):
                if tell is not None:
                    tell(change)
        except DeadlineExceeded:
            if timeout is None:
                raise
            raise WaitTimeout(self.id, seen.run.status if seen and seen.run else "", timeout) from None
        if seen is None or not seen.ended:
            raise DownbeatError(f"the server ended the watch of run {self.id} before the run has ended")
        result = seen.result()
        if check and not result.ok:
            raise RunFailed(result)
        return result

    async def _changes(self, timeout: float | None) -> AsyncIterator[tuple[RunChange, Watched]]:
        seen = Watched()
        request = metadata_pb2.WatchRunRequest(run_id=self.id)
        async for answer in self._transport.stream(MetadataService.WatchRun, lambda: request, timeout):
            change = seen.take(answer)
            if change is not None:
                yield change, seen

    async def cancel(self, reason: str = "") -> str:
        """Stops it. Gives the status right after: CANCELLING, or CANCELLED when nothing was running."""
        request = control_pb2.CancelRunRequest(run_id=self.id, reason=reason)
        return (await self._transport.call(ControlService.CancelRun, request)).status

    async def restart(
        self,
        *,
        from_failed: bool = True,
        from_tasks: Sequence[str] = (),
        only_tasks: Sequence[str] = (),
        inputs: Mapping[str, Any] | None = None,
        idempotency_key: str = "",
    ) -> AsyncRun:
        """Runs it again, as a new run: what failed and what follows from it; with `from_failed=False` all of it; these tasks or groups and
        what follows from them (`from_tasks`), or they alone (`only_tasks`). `inputs` are those that differ."""
        if from_tasks and only_tasks:
            raise ValueError("from_tasks and only_tasks: one of them")
        mode = "RESTART_FROM_FAILED" if from_failed else "RESTART_ALL"
        mode = "RESTART_FROM_TASKS" if from_tasks else "RESTART_FROM_SELECTED" if only_tasks else mode
        request = control_pb2.RestartRunRequest(
            run_id=self.id,
            mode=mode,
            task_ids=[*from_tasks, *only_tasks],
            inputs=to_json(inputs),
            idempotency_key=idempotency_key,
        )
        answer = await self._transport.call(ControlService.RestartRun, request)
        return AsyncRun(self._transport, answer.run_id, answer.existed)

    async def logs(self, task: str | types.TaskRun, *, follow: bool = False, attempt: int = 0) -> AsyncIterator[str]:
        """Lines of the log of an attempt, without their ends; 0 = the last attempt. With `follow` it goes on until the attempt has ended."""
        asked = metadata_pb2.ReadTaskLogRequest(run_id=self.id, task=_named(task), attempt=attempt, follow=follow)
        lines = Lines()
        async for piece in self._transport.stream(MetadataService.ReadTaskLog, lambda: asked):
            # If it breaks, it goes on behind this, in the same attempt.
            asked.offset, asked.attempt = piece.offset + len(piece.data), piece.attempt
            for line in lines.take(piece.data):
                yield line
        for line in lines.rest():
            yield line

    async def why(self, task: str | types.TaskRun = "") -> list[types.Explanation]:
        """Why it, or one of its tasks, went as it did: its events in words, in their order."""
        request = metadata_pb2.ExplainRunRequest(run_id=self.id, task=_named(task))
        return list((await self._transport.call(MetadataService.ExplainRun, request)).explanations)

    async def waiting(self, task: str | types.TaskRun = "") -> types.Waiting:
        """What it, or one of its tasks, waits for at this moment."""
        request = control_pb2.ExplainWaitingRequest(run_id=self.id, task=_named(task))
        return await self._transport.call(ControlService.ExplainWaiting, request)

    async def lineage(self) -> types.RunLineage:
        """The assets as this run left them, and which came of which."""
        request = metadata_pb2.GetRunLineageRequest(run_id=self.id)
        return await self._transport.call(MetadataService.GetRunLineage, request)

    async def operations(self, *, page_size: int = 0) -> AsyncIterator[types.Operation]:
        """What it did inside other systems: models, queries, syncs, tests."""
        request = metadata_pb2.ListOperationsRequest(run_id=self.id, page_size=page_size)
        found = pages.rows(self._transport, MetadataService.ListOperations, request, lambda page: page.operations)
        async for operation in found:
            yield operation

    async def approve(self, task: str | types.TaskRun, comment: str = "") -> str:
        """Lets an approval pass. Gives the status of the task right after."""
        return await self._decide(task, True, comment)

    async def reject(self, task: str | types.TaskRun, comment: str = "") -> str:
        """Lets an approval fail. Gives the status of the task right after."""
        return await self._decide(task, False, comment)

    async def _decide(self, task: str | types.TaskRun, approved: bool, comment: str) -> str:
        request = control_pb2.DecideApprovalRequest(run_id=self.id, task=_named(task), approved=approved, comment=comment)
        return (await self._transport.call(ControlService.DecideApproval, request)).status

    async def mark(
        self,
        task: str | types.TaskRun,
        status: Literal["SUCCEEDED", "WARNING", "FAILED", "SKIPPED"],
        *,
        outputs: Mapping[str, Any] | None = None,
        reason: str = "",
    ) -> str:
        """Decides the outcome of a task by hand; what a worker holds is stopped first. Gives the status of the task right after."""
        request = control_pb2.MarkTaskRequest(
            run_id=self.id, task=_named(task), mark=status, outputs=to_json(outputs), reason=reason
        )
        return (await self._transport.call(ControlService.MarkTask, request)).status


def _named(task: str | types.TaskRun) -> str:
    return task if isinstance(task, str) else task.id
