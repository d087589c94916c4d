/** Attempts of tasks, read from the events of the log: when each began, how it ended, what it said. Pure. */
import type { Explanation } from '../../../api/runs';
import type { RunTask } from './tasks';

export interface Attempt {
  number: number;
  /** Milliseconds. */
  from: number;
  /** Undefined while it goes on. */
  to?: number;
  status: string;
  message?: string;
}

const ENDS: Record<string, string> = {
  ATTEMPT_SUCCEEDED: 'SUCCEEDED', ATTEMPT_FAILED: 'FAILED', ATTEMPT_LOST: 'FAILED', ATTEMPT_STOPPED: 'CANCELLED',
  APPROVAL_DECIDED: 'SUCCEEDED', CHILD_ENDED: 'SUCCEEDED', TASK_MARKED: 'SUCCEEDED', WAIT_ENDED: 'SUCCEEDED',
};
const BEGINS = new Set(['ATTEMPT_STARTED', 'APPROVAL_REQUESTED', 'CHILD_STARTED', 'WAIT_STARTED']);

/** Attempts by the key of their task, the oldest first. Events must be in their order. */
export function attemptsOf(events: readonly Explanation[]): Map<string, Attempt[]> {
  const found = new Map<string, Attempt[]>();
  for (const { kind = '', task = '', at, text = '' } of events) {
    if (task === '' || !at) continue;
    const list = found.get(task) ?? [];
    const last = list.at(-1);
    if (BEGINS.has(kind)) {
      if (!last || last.to !== undefined) list.push({ number: list.length + 1, from: Date.parse(at), status: 'RUNNING' });
    } else if (ENDS[kind] && last && last.to === undefined) {
      last.to = Date.parse(at);
      last.status = ENDS[kind];
      last.message = text;
    }
    found.set(task, list);
  }
  return found;
}

/** The attempts of a task; where no events are known, what the task itself says counts as one. */
export function attemptsFor(task: RunTask, known: Map<string, Attempt[]> | undefined): Attempt[] {
  const list = known?.get(task.key);
  if (list && list.length > 0) {
    // How the task stands says more about its last attempt than the words of the log: a warning, a mark.
    const last = list[list.length - 1]!;
    const ended = task.completedAt !== null;
    return [...list.slice(0, -1), { ...last, to: last.to ?? (ended ? Date.parse(task.completedAt!) : undefined), status: ended || last.to === undefined ? task.status : last.status }];
  }
  if (!task.startedAt) return [];
  return [{ number: Math.max(1, task.numberOfAttempts), from: Date.parse(task.startedAt), to: task.completedAt ? Date.parse(task.completedAt) : undefined, status: task.status }];
}
