/** The results of an asset's tests, and its rows over time, in the order in which they are drawn. Pure. */
import type { AssetTest, Operation } from '../../api/assets';

export interface TestHistory {
  id: string;
  name: string;
  column: string | null;
  /** The newest first. */
  results: AssetTest[];
  latest: AssetTest;
}

/** Results by test: those that fail first, then by name. `results` are newest first. */
export function byTest(results: AssetTest[]): TestHistory[] {
  const tests = new Map<string, AssetTest[]>();
  for (const result of results) {
    const id = `${result.name}\n${result.column ?? ''}`;
    const known = tests.get(id);
    if (known) known.push(result);
    else tests.set(id, [result]);
  }
  const weight = (test: TestHistory) => ({ FAILED: 0, WARNING: 1 })[test.latest.status] ?? 2;
  return [...tests]
    .map(([id, list]) => ({ id, name: list[0]!.name, column: list[0]!.column || null, results: list, latest: list[0]! }))
    .sort((a, b) => weight(a) - weight(b) || a.name.localeCompare(b.name) || (a.column ?? '').localeCompare(b.column ?? ''));
}

/** Part of the results that passed, 0 to 1; undefined where there are none. */
export function passed(results: AssetTest[]): number | undefined {
  if (results.length === 0) return undefined;
  return results.filter((one) => one.status === 'SUCCEEDED' || one.status === 'PASSED').length / results.length;
}

/** Rows that operations wrote, the oldest first; those that said nothing about rows are left out. */
export function growth(operations: Operation[]): { id: string; at: string; rows: number }[] {
  return operations
    .filter((one) => one.rowsAffected !== null && one.rowsAffected >= 0)
    .map((one) => ({ id: one.id, at: one.insertedAt, rows: one.rowsAffected! }))
    .reverse();
}

/** Uses per day of the last `days` days up to `now`, the oldest first; days are counted since 1970 (UTC). */
export function daily(days: { day: number; uses: number }[], length: number, now: number): { day: string; uses: number }[] {
  const uses = new Map(days.map((one) => [one.day, one.uses]));
  const today = Math.floor(now / 86_400_000);
  return Array.from({ length }, (_, at) => {
    const day = today - length + 1 + at;
    return { day: new Date(day * 86_400_000).toISOString().slice(0, 10), uses: uses.get(day) ?? 0 };
  });
}
