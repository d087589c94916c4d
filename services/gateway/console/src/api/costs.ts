/** Costs, prices, budgets and what could be saved. Amounts are whole millionths of a currency. */
import { useQuery } from '@tanstack/react-query';
import { get, put } from './client';
import { useDenied } from './me';
import { POLL, queries } from './query';
import { useRows } from './rows';
import { moneyText } from '../parts/values';

export const GROUPS = ['pipeline', 'task', 'asset', 'owner', 'unit', 'integration'] as const;
export type Group = (typeof GROUPS)[number];

export interface CostSum {
  pipelineId: string;
  pipeline: string;
  task: string;
  asset: string;
  owner: string;
  unit: string;
  integration: string;
  /** First day of the day, week or month; empty = not grouped by time. */
  since: string;
  currency: string;
  estimated: string;
  billed: string;
  total: string;
  entries: number;
}
export interface Unpriced {
  unit: string;
  quantity: string;
  count: number;
  lastAt: string | null;
}
export interface Saving {
  rule: string;
  subject: string;
  what: string;
  advice: string;
  currency: string;
  saved: string;
  savedSeconds: number;
  estimate: string;
}
export interface Price {
  name: string;
  unit: string;
  attributes: Record<string, string>;
  integration: string;
  connection: string;
  micros: number;
  currency: string;
  per: number;
}
export interface Budget {
  micros: number;
  currency: string;
  period: string;
  timezone: string;
  alertAt: number[];
  enforce: boolean;
}
export interface BudgetStatus {
  pipelineId: string;
  pipeline: string;
  owner: string;
  budget: Budget | null;
  from: string | null;
  to: string | null;
  spent: string;
  crossed: number[];
}

/** Millionths as an amount. */
export const money = (micros: string | number, currency: string): string => moneyText(Number(micros) / 1e6, currency);

export const useCosts = (by: string[], filter: { from?: string; to?: string; asset?: string; pipeline?: string; owner?: string }) =>
  useQuery({
    queryKey: ['costs', by, filter],
    queryFn: ({ signal }) => get<{ sums: CostSum[]; unpriced: Unpriced[] }>('/costs', { by, ...filter }, signal),
    refetchInterval: POLL.calm,
    placeholderData: (before) => before,
  });

/** Of all of the account: whoever sees only some pipelines does not ask for it. */
export const useSavings = () =>
  useQuery({
    queryKey: ['costs', 'savings'],
    queryFn: ({ signal }) => get<{ savings: Saving[]; incomplete: string[]; from: string; to: string }>('/costs/savings', {}, signal),
    staleTime: 60_000,
    enabled: useDenied('VIEWER', 'account') === undefined,
  });

export const usePrices = () =>
  useQuery({ queryKey: ['costs', 'prices'], queryFn: ({ signal }) => get<{ prices: { version: number; prices: Price[]; at: string | null } | null }>('/costs/prices', {}, signal) });

export async function setPrices(prices: Price[], reason: string): Promise<void> {
  await put('/costs/prices', { prices }, { reason });
  await queries.invalidateQueries({ queryKey: ['costs'] });
}

export const useBudgets = () => useRows<BudgetStatus>('/budgets', 'budgets', {}, { size: 200 });

/** Gives an owner a budget; `undefined` takes it away. */
export async function setBudget(owner: string, budget: Budget | undefined, reason: string): Promise<void> {
  await put('/budgets', budget ? { owner, budget } : { owner }, { reason });
  await queries.invalidateQueries({ queryKey: ['rows', '/budgets'] });
}
