/**
 * The run at an instant that has passed: every event up to then is taken into account, and none after. Where the events
 * are not known (of very large runs the server tells only single tasks), the instants of the tasks stand for them. Pure.
 */
import type { Explanation, Run } from '../../../api/runs';
import type { RunTask } from './tasks';

/** What an event makes of the status of its task; what is not here changes none. */
const MAKES: Record<string, string> = {
  TASK_READY: 'QUEUED', ATTEMPT_LEASED: 'QUEUED', ATTEMPT_STARTED: 'RUNNING', ATTEMPT_SUCCEEDED: 'SUCCEEDED', ATTEMPT_FAILED: 'FAILED', ATTEMPT_LOST: 'FAILED',
  ATTEMPT_STOP_REQUESTED: 'CANCELLING', ATTEMPT_STOPPED: 'CANCELLED', TASK_SKIPPED: 'SKIPPED', TASK_CARRIED_OVER: 'SKIPPED', TASK_FAILED: 'FAILED',
  APPROVAL_REQUESTED: 'RUNNING', APPROVAL_DECIDED: 'SUCCEEDED', CHILD_STARTED: 'RUNNING', CHILD_ENDED: 'SUCCEEDED', WAIT_STARTED: 'RUNNING', WAIT_ENDED: 'SUCCEEDED',
  TASK_MARKED: 'SUCCEEDED', ITERATIONS_ENDED: 'SUCCEEDED',
};

export interface Moment {
  /** Milliseconds. */
  at: number;
  actor: string;
  kind: string;
  text: string;
  /** Key of the task; empty = the run. */
  task: string;
}

/** The events in their order; made of the instants of tasks where `events` is undefined. */
export function moments(run: Run, tasks: readonly RunTask[], events: readonly Explanation[] | undefined): Moment[] {
  if (events) {
    return events.flatMap(({ at, actor = '', kind = '', text = '', task = '' }) => (at ? [{ at: Date.parse(at), actor, kind, text, task }] : []));
  }
  const made: Moment[] = [];
  const add = (at: string | null, kind: string, task: string) => at && made.push({ at: Date.parse(at), actor: '', kind, text: '', task });
  add(run.createdAt, 'RUN_CREATED', '');
  for (const task of tasks) {
    add(task.startedAt, 'ATTEMPT_STARTED', task.key);
    add(task.completedAt, 'TASK_ENDED', task.key);
  }
  add(run.completedAt, 'RUN_FINISHED', '');
  return made.sort((a, b) => a.at - b.at);
}

/** Whether an event of that kind is the last one of a task that has ended so: then the task itself says how. */
const DECIDES = /^(ATTEMPT_(SUCCEEDED|FAILED|LOST|STOPPED)|TASK_(SKIPPED|CARRIED_OVER|FAILED|ENDED|MARKED)|APPROVAL_DECIDED|CHILD_ENDED|WAIT_ENDED|ITERATIONS_ENDED)$/;

/** The tasks as they stood at `at` (milliseconds). Those that did not change since stay the same objects. */
export function tasksAt(tasks: readonly RunTask[], told: readonly Moment[], at: number): RunTask[] {
  const last = new Map<string, Moment>();
  const after = new Set<string>();
  for (const moment of told) {
    if (moment.task === '' || !(moment.kind in MAKES || DECIDES.test(moment.kind))) continue;
    if (moment.at <= at) last.set(moment.task, moment);
    else after.add(moment.task);
  }
  return tasks.flatMap((task) => {
    // Iterations are there once the matrix is known; before that, nobody knew of them.
    if (task.createdAt && Date.parse(task.createdAt) > at) return [];
    if (!after.has(task.key)) return [task];
    const moment = last.get(task.key);
    const status = moment ? (MAKES[moment.kind] ?? 'CREATED') : 'CREATED';
    // A failed attempt that is followed by another one leaves the task waiting.
    const between = moment !== undefined && DECIDES.test(moment.kind) && !/^(TASK|APPROVAL|ITERATIONS)/.test(moment.kind);
    const began = task.startedAt !== null && Date.parse(task.startedAt) <= at;
    return [{ ...task, status: between ? 'QUEUED' : status, startedAt: began ? task.startedAt : null, completedAt: null, message: null }];
  });
}

/** The status of the run at that instant. */
export function runStatusAt(run: Run, at: number): string {
  if (run.completedAt && Date.parse(run.completedAt) <= at) return run.runStatus;
  if (run.startedAt && Date.parse(run.startedAt) <= at) return run.completedAt ? 'RUNNING' : run.runStatus;
  return 'QUEUED';
}
