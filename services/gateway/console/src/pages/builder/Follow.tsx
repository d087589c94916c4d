/** Follows a run of the draft, and tells how it and each task stand. Draws nothing. */
import { useEffect } from 'react';
import { useLiveRun } from '../../api/run-live';

export interface RunOf {
  status?: string;
  /** By the id of a task; of its iterations, the one that matters most. */
  tasks: ReadonlyMap<string, string>;
  /** The stream broke, and is opened again. */
  lost: boolean;
}

export const NO_RUN: RunOf = { tasks: new Map(), lost: false };
const WEIGHT = ['FAILED', 'RUNNING', 'CANCELLING', 'QUEUED', 'CREATED', 'WARNING', 'CANCELLED', 'SUCCEEDED', 'SKIPPED'];

/** By task: of several iterations, the status that people must see. */
export function byTask(runs: readonly { taskId: string; status: string }[]): Map<string, string> {
  const out = new Map<string, string>();
  for (const { taskId, status } of runs) {
    const now = out.get(taskId);
    if (now === undefined || WEIGHT.indexOf(status) < WEIGHT.indexOf(now)) out.set(taskId, status);
  }
  return out;
}

export function Follow({ id, tell }: { id: string; tell: (run: RunOf) => void }) {
  const live = useLiveRun(id);
  useEffect(() => {
    tell({ status: live.run?.runStatus, tasks: byTask(live.tasks), lost: live.lost !== undefined });
  }, [live.version, live.lost]);
  // What was followed is not shown any more when nothing is.
  useEffect(() => () => tell(NO_RUN), [id]);
  return null;
}
