# Written by sdk/generate.py: change ../_async/costs.py and run it again.
"""What runs cost, and what could be saved, for the blocking client."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import Literal

from downbeat import types
from downbeat._sync import pages
from downbeat._sync.transport import Transport
from downbeat._proto.metadata.v1 import cost_pb2, savings_pb2
from downbeat._proto.rpcs import CostService
from downbeat.results import Cost, cost_of
from downbeat.values import micros

Group = Literal["pipeline", "task", "asset", "owner", "unit", "integration", "day", "week", "month"]


class Costs:
    """`client.costs`. Filters: a pipeline's id or alias, a task's id, the key of an asset, and so on; empty = all."""

    def __init__(self, transport: Transport) -> None:
        self._transport = transport

    def by(
        self,
        *groups: Group,
        pipeline: str = "",
        task: str = "",
        asset: str = "",
        owner: str = "",
        integration: str = "",
        currency: str = "",
        since: datetime | None = None,
        until: datetime | None = None,
    ) -> list[Cost]:
        """Sums for each combination of the groups; none = one sum per currency. At most one of day, week and month. Sums are kept by day:
        `since` and `until` count from midnight UTC on."""
        request = cost_pb2.GetCostRequest(
            by=[cost_pb2.CostGroup.Value(f"COST_GROUP_{group.upper()}") for group in groups],
            filter=_filter(pipeline, task, asset, owner, integration, currency, since, until),
        )
        return [cost_of(row) for row in (self._transport.call(CostService.GetCost, request)).sums]

    def entries(
        self,
        *,
        pipeline: str = "",
        task: str = "",
        asset: str = "",
        owner: str = "",
        integration: str = "",
        currency: str = "",
        since: datetime | None = None,
        until: datetime | None = None,
        page_size: int = 0,
    ) -> Iterator[types.CostLine]:
        """Single lines of the ledger, those used last first."""
        request = cost_pb2.ListCostEntriesRequest(
            filter=_filter(pipeline, task, asset, owner, integration, currency, since, until), page_size=page_size
        )
        found = pages.rows(self._transport, CostService.ListCostEntries, request, lambda page: page.entries)
        for entry in found:
            yield entry

    def budgets(self, *, page_size: int = 0) -> Iterator[types.BudgetStatus]:
        """Budgets, and what is spent of them in their period."""
        request = cost_pb2.ListBudgetsRequest(page_size=page_size)
        for budget in pages.rows(self._transport, CostService.ListBudgets, request, lambda page: page.budgets):
            yield budget

    def savings(self, *, pipeline: str = "") -> types.Savings:
        """What could be saved, by fixed rules, each finding with its evidence."""
        request = savings_pb2.GetSavingsRequest(pipeline=pipeline)
        return self._transport.call(CostService.GetSavings, request)


def _filter(
    pipeline: str,
    task: str,
    asset: str,
    owner: str,
    integration: str,
    currency: str,
    since: datetime | None,
    until: datetime | None,
) -> cost_pb2.CostFilter:
    chosen = cost_pb2.CostFilter(
        pipeline=pipeline,
        task=task,
        asset=asset,
        owner=owner,
        integration=integration,
        currency=currency,
        to=micros(until),
    )
    # `from` is a word of Python.
    setattr(chosen, "from", micros(since))
    return chosen
