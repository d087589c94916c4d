/** Sums of costs as bars over days, the greatest groups apart and all others together. Pure. */
import type { CostSum, Group } from '../../../api/costs';

export const MOST_GROUPS = 5;

/** The name of what a sum is for; empty = nobody said. */
export function groupOf(sum: CostSum, by: Group): string {
  return by === 'pipeline' ? sum.pipeline || sum.pipelineId : by === 'task' ? [sum.pipeline || sum.pipelineId, sum.task].filter(Boolean).join(' / ') : sum[by];
}

export interface Total {
  name: string;
  estimated: number;
  billed: number;
  total: number;
  entries: number;
}

/** Sums over the whole time, the greatest first; of one currency. */
export function totals(sums: CostSum[], by: Group): Total[] {
  const of = new Map<string, Total>();
  for (const sum of sums) {
    const name = groupOf(sum, by);
    const known = of.get(name) ?? { name, estimated: 0, billed: 0, total: 0, entries: 0 };
    known.estimated += Number(sum.estimated);
    known.billed += Number(sum.billed);
    known.total += Number(sum.total);
    known.entries += sum.entries;
    of.set(name, known);
  }
  return [...of.values()].sort((a, b) => b.total - a.total || a.name.localeCompare(b.name));
}

/** Days from the first to the last, each once. */
export function days(from: string, to: string): string[] {
  const out: string[] = [];
  for (let at = Date.parse(from.slice(0, 10)); at < Date.parse(to); at += 86_400_000) out.push(new Date(at).toISOString().slice(0, 10));
  return out;
}

export interface Chart {
  /** Names of the groups; the last may be `undefined`: all others. */
  groups: (string | undefined)[];
  bars: { day: string; values: number[] }[];
}

export function chart(sums: CostSum[], by: Group, over: string[]): Chart {
  const all = totals(sums, by);
  const apart = all.slice(0, all.length > MOST_GROUPS + 1 ? MOST_GROUPS : MOST_GROUPS + 1).map((one) => one.name);
  const groups: (string | undefined)[] = all.length > apart.length ? [...apart, undefined] : apart;
  const bars = over.map((day) => ({ day, values: groups.map(() => 0) }));
  const place = new Map(over.map((day, at) => [day, at]));
  for (const sum of sums) {
    const bar = bars[place.get(sum.since) ?? -1];
    if (!bar) continue;
    const found = apart.indexOf(groupOf(sum, by));
    const at = found < 0 ? apart.length : found;
    bar.values[at] = (bar.values[at] ?? 0) + Number(sum.total);
  }
  return { groups, bars };
}

export const currencies = (sums: { currency: string }[]): string[] => [...new Set(sums.map((sum) => sum.currency))].sort();
