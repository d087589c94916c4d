/** A run over time: a row per task, its attempts as bars, and the tasks that the end of the run waited for. Pure. */
import type { GraphEdge } from '../../../graph/types';
import type { Attempt } from './attempts';
import type { RunTask } from './tasks';

export interface GanttRow {
  task: RunTask;
  attempts: Attempt[];
  /** Milliseconds from which it waited for a worker or its turn; undefined where that is not known. */
  critical: boolean;
}

/**
 * The ids of the tasks that decided when the run ended: from the one that ended last, always to the one among those it
 * waited for that ended last. Edges may begin at groups, whose members are given.
 */
export function criticalPath(tasks: readonly RunTask[], edges: readonly GraphEdge[], groupOf: ReadonlyMap<string, string>): Set<string> {
  const done = new Map<string, number>();
  // What goes on ends later than all that has ended.
  for (const task of tasks) if (task.startedAt) done.set(task.id, task.completedAt ? Date.parse(task.completedAt) : Infinity);
  const latestIn = new Map<string, string>();
  for (const [task, group] of groupOf) {
    const before = latestIn.get(group);
    if (done.has(task) && (before === undefined || done.get(task)! > done.get(before)!)) latestIn.set(group, task);
  }
  const before = new Map<string, string[]>();
  for (const { from, to } of edges) {
    const list = before.get(to);
    if (list) list.push(from);
    else before.set(to, [from]);
  }
  const path = new Set<string>();
  let at: string | undefined;
  for (const [id, end] of done) if (at === undefined || end > done.get(at)!) at = id;
  while (at !== undefined && !path.has(at)) {
    path.add(at);
    const waited: string[] = [...(before.get(at) ?? []), ...(before.get(groupOf.get(at) ?? '') ?? [])];
    at = undefined;
    for (const id of waited) {
      const task = done.has(id) ? id : latestIn.get(id);
      if (task !== undefined && (at === undefined || done.get(task)! > done.get(at)!)) at = task;
    }
  }
  return path;
}

/** Tasks that have begun, by when they did and then when they ended; then those that have not. */
export function ganttRows(tasks: readonly RunTask[], attempts: (task: RunTask) => Attempt[], critical: ReadonlySet<string>): GanttRow[] {
  const rows = tasks.map((task) => ({ task, attempts: attempts(task), critical: critical.has(task.id) }));
  const begin = (row: GanttRow) => row.attempts[0]?.from ?? Infinity;
  const end = (row: GanttRow) => row.attempts.at(-1)?.to ?? Infinity;
  const order = (x: number, y: number) => (x === y ? 0 : x - y);
  return rows.sort((a, b) => order(begin(a), begin(b)) || order(end(a), end(b)));
}

const NICE = [1, 2, 5, 10, 20, 50, 100, 200, 500, 1_000, 2_000, 5_000, 10_000, 15_000, 30_000, 60_000, 120_000, 300_000, 600_000, 900_000, 1_800_000, 3_600_000, 7_200_000, 21_600_000, 43_200_000, 86_400_000];

/** Instants (milliseconds from the beginning) of the lines of a scale: about `most`, at round distances. */
export function ticks(span: number, most: number): number[] {
  const step = NICE.find((one) => span / one <= most) ?? Math.ceil(span / most / 86_400_000) * 86_400_000;
  const out: number[] = [];
  for (let at = 0; at <= span; at += step) out.push(at);
  return out;
}
