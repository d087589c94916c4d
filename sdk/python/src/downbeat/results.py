"""How a run ended, and what a sum of costs is: small values over the messages of the wire. Pure."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from downbeat._proto.metadata.v1.cost_pb2 import CostSum
from downbeat._proto.metadata.v1.metadata_pb2 import Run, TaskRun, WatchRunResponse
from downbeat.values import amount, from_json

ENDED = frozenset({"SUCCEEDED", "WARNING", "FAILED", "SKIPPED", "CANCELLED"})
"""Statuses of runs and tasks that nothing changes any more."""
WELL = frozenset({"SUCCEEDED", "WARNING", "SKIPPED"})


def name_of(task: TaskRun) -> str:
    """Id of the task, with its iteration in brackets: `load`, `load[eu]`."""
    return f"{task.task_id}[{task.iteration}]" if task.iteration else task.task_id


@dataclass(frozen=True)
class RunResult:
    """A run with its tasks, as they were when it was looked at."""

    run: Run
    tasks: Mapping[str, TaskRun] = field(default_factory=dict)
    """By id, iterations as `load[eu]`, in the order of the plan."""

    @property
    def id(self) -> str:
        return self.run.id

    @property
    def status(self) -> str:
        """CREATED, QUEUED, RUNNING, CANCELLING; SUCCEEDED, WARNING, FAILED, SKIPPED or CANCELLED."""
        return self.run.status

    @property
    def ended(self) -> bool:
        return self.status in ENDED

    @property
    def ok(self) -> bool:
        """It ended, and neither failed nor was cancelled."""
        return self.status in WELL

    @property
    def failed(self) -> list[TaskRun]:
        """Tasks that failed."""
        return [task for task in self.tasks.values() if task.status == "FAILED"]

    def outputs(self, task: str) -> dict[str, Any]:
        """What a task has set for others."""
        if task not in self.tasks:
            raise KeyError(f"run {self.id} has no task {task!r}; it has {', '.join(self.tasks) or 'none'}")
        return from_json(self.tasks[task].outputs) or {}


@dataclass(frozen=True)
class RunChange:
    """A run at one moment, and those of its tasks that have changed."""

    run: Run
    changed: list[TaskRun]
    """In the first change: all of them."""


class Watched:
    """Puts together what a watch says. What it is told twice, as after a break of the connection, is a change only once."""

    def __init__(self) -> None:
        self.run: Run | None = None
        self._tasks: dict[str, TaskRun] = {}

    def take(self, answer: WatchRunResponse) -> RunChange | None:
        """None: nothing is new."""
        changed = [task for task in answer.task_runs if self._tasks.get(task.id) != task]
        new = self.run != answer.run
        self.run = answer.run
        self._tasks.update((task.id, task) for task in changed)
        return RunChange(answer.run, changed) if new or changed else None

    @property
    def ended(self) -> bool:
        return self.run is not None and self.run.status in ENDED

    def result(self) -> RunResult:
        """What has been seen; there was an answer."""
        assert self.run is not None
        return result_of(self.run, self._tasks.values())


def result_of(run: Run, tasks: Iterable[TaskRun]) -> RunResult:
    """A run and its tasks."""
    in_order = sorted(tasks, key=lambda task: task.index)
    return RunResult(run, {name_of(task): task for task in in_order})


def print_progress(change: RunChange) -> None:
    """What `wait(progress=True)` does: a line per change, to standard error."""
    for task in change.changed:
        print(f"{name_of(task)}: {task.status}" + (f" ({task.message})" if task.message else ""), file=sys.stderr)
    if change.run.status in ENDED:
        print(f"run {change.run.id}: {change.run.status}", file=sys.stderr)


@dataclass(frozen=True)
class Cost:
    """A sum. Texts are empty where it was not grouped by them, or nobody said. Amounts of two currencies are never added."""

    pipeline: str
    task: str
    asset: str
    owner: str
    unit: str
    integration: str
    since: str
    """First day of the day, week or month: 2026-11-27."""
    currency: str
    estimated: Decimal
    """What was estimated and is not billed yet."""
    billed: Decimal
    total: Decimal
    """Both together."""
    entries: int


def cost_of(row: CostSum) -> Cost:
    """Exact amounts instead of millionths."""
    return Cost(
        pipeline=row.pipeline or row.pipeline_id,
        task=row.task,
        asset=row.asset,
        owner=row.owner,
        unit=row.unit,
        integration=row.integration,
        since=row.since,
        currency=row.currency,
        estimated=amount(row.estimated),
        billed=amount(row.billed),
        total=amount(row.total),
        entries=row.entries,
    )


class Lines:
    """Bytes in pieces become lines of text. A line is given out once it is whole, or 1 MiB long."""

    LINE_BYTES_MAX = 1024 * 1024

    def __init__(self) -> None:
        self._open = b""

    def take(self, data: bytes) -> list[str]:
        """The lines that are whole now, without their ends."""
        *whole, self._open = (self._open + data).split(b"\n")
        while len(self._open) > self.LINE_BYTES_MAX:
            whole.append(self._open[: self.LINE_BYTES_MAX])
            self._open = self._open[self.LINE_BYTES_MAX :]
        return [line.decode(errors="replace").removesuffix("\r") for line in whole]

    def rest(self) -> list[str]:
        """The last line, if it has no end."""
        last, self._open = self._open, b""
        return [last.decode(errors="replace")] if last else []
