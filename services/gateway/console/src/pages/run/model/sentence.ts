/** Why a run stands as it does, in a sentence: the first task that failed, what it waits for, or how far it is. Pure. */
import type { Explanation, Gate, Run } from '../../../api/runs';
import type { RunTask } from './tasks';

export type Because =
  | { kind: 'failed'; task: RunTask; words: string; more: number }
  | { kind: 'approval'; task: RunTask }
  | { kind: 'gate'; words: string }
  | { kind: 'words'; words: string }
  | { kind: 'going'; done: number; all: number }
  | { kind: 'none' };

const DONE = new Set(['SUCCEEDED', 'WARNING', 'FAILED', 'SKIPPED', 'CANCELLED']);

export function because(run: Run, tasks: readonly RunTask[], events: readonly Explanation[] | undefined, gates: readonly Gate[] | undefined): Because {
  const failed = tasks.filter((task) => task.status === 'FAILED');
  const first = failed.reduce<RunTask | undefined>((early, task) => (!early || (task.completedAt ?? '') < (early.completedAt ?? '') ? task : early), undefined);
  if (first) return { kind: 'failed', task: first, words: first.message ?? '', more: failed.length - 1 };
  const asks = tasks.find((task) => task.integrationJob === 'APPROVAL' && task.status === 'RUNNING');
  if (asks) return { kind: 'approval', task: asks };
  const gate = gates?.find((one) => one.kind !== 'RUNNING' && one.text);
  if (gate?.text && (run.runStatus === 'QUEUED' || run.runStatus === 'CREATED')) return { kind: 'gate', words: gate.text };
  if (run.message) return { kind: 'words', words: run.message };
  if (!DONE.has(run.runStatus)) return { kind: 'going', done: tasks.filter((task) => DONE.has(task.status)).length, all: tasks.length };
  const last = events?.findLast((event) => event.kind === 'RUN_CANCEL_REQUESTED' || event.kind === 'RUN_TIMED_OUT');
  return last?.text ? { kind: 'words', words: last.text } : { kind: 'none' };
}

/** A link to another system, if it leads there by http or https and nowhere else. */
export function safeLink(link: string | null): string | undefined {
  if (!link) return undefined;
  try {
    const { protocol, href } = new URL(link);
    return protocol === 'https:' || protocol === 'http:' ? href : undefined;
  } catch {
    return undefined;
  }
}
