// What runs cost, and what could be saved.

import { type BudgetStatus, CostGroup, type CostLine, CostService } from "./gen/metadata/v1/cost_pb.js";
import type { GetSavingsResponse } from "./gen/metadata/v1/savings_pb.js";
import { rows } from "./pages.js";
import { type Cost, costOf } from "./results.js";
import type { Transport } from "./transport.js";
import { micros } from "./values.js";

const GROUPS = {
  pipeline: CostGroup.PIPELINE,
  task: CostGroup.TASK,
  asset: CostGroup.ASSET,
  owner: CostGroup.OWNER,
  unit: CostGroup.UNIT,
  integration: CostGroup.INTEGRATION,
  day: CostGroup.DAY,
  week: CostGroup.WEEK,
  month: CostGroup.MONTH,
} as const;

/** By what sums are grouped. */
export type Group = keyof typeof GROUPS;

/** Which costs; what is not said fits all. */
export interface CostFilter {
  /** Id or alias. */
  pipeline?: string;
  /** Id of a task, as the file has it. */
  task?: string;
  /** Key of an asset. */
  asset?: string;
  owner?: string;
  integration?: string;
  /** Three capital letters. */
  currency?: string;
  /** Sums are kept by day: both count from midnight UTC on there. */
  since?: Date;
  until?: Date;
}

/** `client.costs`. */
export class Costs {
  readonly #transport: Transport;

  constructor(transport: Transport) {
    this.#transport = transport;
  }

  /** Sums for each combination of the groups; none = one sum per currency. At most one of day, week and month. */
  async by(groups: Group | readonly Group[], filter: CostFilter = {}): Promise<Cost[]> {
    const asked = typeof groups === "string" ? [groups] : groups;
    const by = asked.map((group) => {
      // A program without types may say anything.
      if (!Object.hasOwn(GROUPS, group)) throw new RangeError(`${group} is no group of costs: expected ${Object.keys(GROUPS).join(", ")}`);
      return GROUPS[group];
    });
    return (await this.#transport.call(CostService.method.getCost, { by, filter: chosen(filter) })).sums.map(costOf);
  }

  /** Single lines of the ledger, those used last first. */
  entries(filter: CostFilter & { pageSize?: number } = {}): AsyncGenerator<CostLine, void, undefined> {
    const request = { filter: chosen(filter), pageSize: filter.pageSize ?? 0 };
    return rows(this.#transport, CostService.method.listCostEntries, request, (page) => page.entries);
  }

  /** Budgets, and what is spent of them in their period. */
  budgets(options: { pageSize?: number } = {}): AsyncGenerator<BudgetStatus, void, undefined> {
    const request = { pageSize: options.pageSize ?? 0 };
    return rows(this.#transport, CostService.method.listBudgets, request, (page) => page.budgets);
  }

  /** What could be saved, by fixed rules, each finding with its evidence. */
  async savings(options: { pipeline?: string } = {}): Promise<GetSavingsResponse> {
    return this.#transport.call(CostService.method.getSavings, { pipeline: options.pipeline ?? "" });
  }
}

function chosen(filter: CostFilter) {
  const { pipeline = "", task = "", asset = "", owner = "", integration = "", currency = "", since, until } = filter;
  return { pipeline, task, asset, owner, integration, currency, from: micros(since), to: micros(until) };
}
