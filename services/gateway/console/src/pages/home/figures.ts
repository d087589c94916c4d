/** The figures of Home, worked out of answers: rates, sums, costs beside use. Pure; knows no component. */
import type { CostSum, Saving } from '../../api/costs';
import type { BrokenGroup, LiveRun } from '../../api/answers';
import type { Owned } from '../../api/owners';

/** The API takes at most seven days at once. */
const WEEK = 7 * 86_400_000;

/** A range of time, cut into pieces of at most seven days. */
export function weeks(from: string, to: string): { from: string; to: string }[] {
  const out: { from: string; to: string }[] = [];
  const end = Date.parse(to);
  for (let at = Date.parse(from); at < end; at += WEEK) {
    out.push({ from: new Date(at).toISOString(), to: new Date(Math.min(at + WEEK, end)).toISOString() });
  }
  return out;
}

/** Sums by currency, the largest first: money of two currencies is never added. */
export function byCurrency(amounts: { currency: string; micros: string }[]): { currency: string; micros: number }[] {
  const sums = new Map<string, number>();
  for (const { currency, micros } of amounts) {
    if (currency === '') continue;
    sums.set(currency, (sums.get(currency) ?? 0) + Number(micros || 0));
  }
  return [...sums].map(([currency, micros]) => ({ currency, micros })).sort((a, b) => b.micros - a.micros);
}

export const spent = (sums: CostSum[]) => byCurrency(sums.map(({ currency, total }) => ({ currency, micros: total })));
export const saveable = (savings: Saving[]) => byCurrency(savings.map(({ currency, saved }) => ({ currency, micros: saved })));

/** Seconds that findings without a price would save in 30 days. */
export const savedSeconds = (savings: Saving[]) => savings.reduce((sum, one) => sum + (one.saved === '' ? Number(one.savedSeconds) : 0), 0);

/** What one currency costs day by day, every day of the range in its place. */
export function daily(sums: CostSum[], currency: string, from: string, to: string): number[] {
  const days = new Map(sums.filter((sum) => sum.currency === currency).map((sum) => [sum.since, Number(sum.total)]));
  const out: number[] = [];
  for (let at = Date.parse(`${from.slice(0, 10)}T00:00:00Z`); at < Date.parse(to); at += 86_400_000) {
    out.push(days.get(new Date(at).toISOString().slice(0, 10)) ?? 0);
  }
  return out;
}

/** Uses of an asset since an instant, of its counts by day since the epoch. */
export function usesSince(days: { day: number; uses: number }[], from: string): number {
  const first = Math.floor(Date.parse(from) / 86_400_000);
  return days.filter(({ day }) => day >= first).reduce((sum, { uses }) => sum + uses, 0);
}

/** Part of the runs that ended well, of those that ended well or not; undefined where none did. */
export function successRate(good: number, bad: number): number | undefined {
  return good + bad > 0 ? good / (good + bad) : undefined;
}

/** Who answers for each pipeline, by its alias: as the pipelines say themselves, and those for whom they have cost something before. */
export function ownersOf(pipelines: Owned[], sums: CostSum[]): Map<string, Set<string>> {
  const owners = new Map<string, Set<string>>();
  const add = (alias: string, owner: string) => {
    if (alias !== '' && owner !== '') owners.set(alias, (owners.get(alias) ?? new Set()).add(owner));
  };
  for (const { alias, owner, taskOwners } of pipelines) [owner, ...taskOwners].forEach((one) => add(alias, one));
  for (const { pipeline, owner } of sums) add(pipeline, owner);
  return owners;
}

/** Whether a group concerns an owner: theirs is what fails, or an asset below it. */
export function concerns(group: BrokenGroup, owner: string, owners: Map<string, Set<string>>): boolean {
  if (owner === '') return true;
  return owners.get(group.pipelineAlias)?.has(owner) === true || group.reach?.owners.includes(owner) === true;
}

/** How far a run is, as counts that add up to its tasks. */
export function parts({ run, done, running, waiting, counted }: LiveRun): { whole: number; done: number; running: number; waiting: number } | undefined {
  if (!counted) return undefined;
  return { whole: Math.max(run.tasks, done + running + waiting), done, running, waiting };
}
