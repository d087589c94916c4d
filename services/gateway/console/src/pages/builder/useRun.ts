/** How a run of the draft stands, by the id of each task: what the graph shows while it goes on. */
import { useEffect, useState } from 'react';
import { seg } from '../../api/client';
import { follow } from '../../api/live';

interface Said {
  run?: { runStatus: string } | null;
  taskRuns?: { id: string; taskId: string; status: string }[];
}

export interface RunOf {
  status?: string;
  /** By the id of a task; of its iterations, the one that matters most. */
  tasks: ReadonlyMap<string, string>;
}

const NOTHING: RunOf = { tasks: new Map() };
const WEIGHT = ['FAILED', 'RUNNING', 'CANCELLING', 'QUEUED', 'CREATED', 'WARNING', 'CANCELLED', 'SUCCEEDED', 'SKIPPED'];

/** Of several iterations of a task, the status that people must see. */
export function worst(statuses: Iterable<string>): string {
  return [...statuses].reduce((a, b) => (WEIGHT.indexOf(b) < WEIGHT.indexOf(a) ? b : a));
}

export function useRun(id: string | undefined): RunOf {
  const [shown, setShown] = useState<RunOf>(NOTHING);
  useEffect(() => {
    setShown(NOTHING);
    if (!id) return;
    const stop = new AbortController();
    const byRun = new Map<string, { taskId: string; status: string }>();
    let status: string | undefined;
    void follow(`/pipeline_runs/${seg(id)}/events`, {
      signal: stop.signal,
      onEvent: (event) => {
        if (event.event !== 'run') return;
        const said = JSON.parse(event.data) as Said;
        status = said.run?.runStatus ?? status;
        for (const task of said.taskRuns ?? []) byRun.set(task.id, task);
        const byTask = new Map<string, string[]>();
        for (const task of byRun.values()) byTask.set(task.taskId, [...(byTask.get(task.taskId) ?? []), task.status]);
        setShown({ status, tasks: new Map([...byTask].map(([task, statuses]) => [task, worst(statuses)])) });
      },
    });
    return () => stop.abort();
  }, [id]);
  return shown;
}
