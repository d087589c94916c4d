/**
 * A run as it is now, by the stream of the server. What comes is put together and told at most ten times a second. When
 * the stream breaks, what was there stays, and the state says so; it is opened again by itself. Knows no page.
 */
import { useEffect, useState } from 'react';
import type { ApiError } from './errors';
import { follow, type LiveState, type ServerEvent } from './live';
import { get, seg } from './client';
import type { Run, TaskRun } from './runs';

export interface LiveRun {
  run?: Run;
  /** In the order of the plan, iterations behind it. */
  tasks: TaskRun[];
  state: LiveState;
  error?: ApiError;
  /** Since when nothing comes, in milliseconds; undefined while it does. */
  lost?: number;
  /** Grows with each change. */
  version: number;
}

export const NOTHING: LiveRun = { tasks: [], state: 'connecting', version: 0 };

/** The tasks with those that changed in their places; new ones come last. */
export function merged(tasks: TaskRun[], changed: TaskRun[]): TaskRun[] {
  if (changed.length === 0) return tasks;
  const at = new Map(tasks.map((task, index) => [task.id, index]));
  const next = [...tasks];
  for (const task of changed) {
    const index = at.get(task.id);
    if (index === undefined) at.set(task.id, next.push(task) - 1);
    else next[index] = task;
  }
  return next;
}

/** Takes what an event says; events of other kinds, and what cannot be read, change nothing. */
export function taken(live: LiveRun, event: ServerEvent): LiveRun {
  if (event.event !== 'run') return live;
  let said: { run?: Run | null; taskRuns?: TaskRun[] };
  try {
    said = JSON.parse(event.data) as typeof said;
  } catch {
    return live;
  }
  return { ...live, run: said.run ?? live.run, tasks: merged(live.tasks, said.taskRuns ?? []), version: live.version + 1 };
}

const EVERY = 100;
/** Characters of an event from which on it may be a part of something larger: the server cuts a run of many tasks. */
const PART = 500_000;
/** Milliseconds for which the parts are waited for before what is there is shown. */
const PARTS_WITHIN = 4_000;

export function useLiveRun(id: string): LiveRun {
  const [shown, setShown] = useState<LiveRun>(NOTHING);
  useEffect(() => {
    const stop = new AbortController();
    let live = NOTHING;
    let timer: ReturnType<typeof setTimeout> | undefined;
    let told = 0;
    const tell = () => {
      timer = undefined;
      told = performance.now();
      setShown(live);
    };
    // The first is told at once, further ones together; of something in parts, the whole.
    const soon = () => {
      timer ??= setTimeout(tell, Math.max(0, EVERY - (performance.now() - told)));
    };
    // How many tasks there are, once that was asked for.
    let all: number | undefined;
    let asked = false;
    const parted = () => {
      if (all !== undefined && live.tasks.length >= all) {
        clearTimeout(timer);
        timer = undefined;
        return soon();
      }
      timer ??= setTimeout(tell, PARTS_WITHIN);
      if (asked) return;
      asked = true;
      get<{ total: number }>(`/pipeline_runs/${seg(id)}/task_runs`, { page_size: 1 }, stop.signal).then(
        ({ total }) => {
          all = total;
          parted();
        },
        () => {
          all = 0;
        },
      );
    };
    setShown(NOTHING);
    void follow(`/pipeline_runs/${seg(id)}/events`, {
      signal: stop.signal,
      onEvent: (event) => {
        live = taken(live, event);
        if (live.tasks.length < (all ?? Infinity) && event.data.length > PART) parted();
        else if (asked && live.version > 0 && all === undefined) parted();
        else soon();
      },
      onState: (state, error) => {
        const lost = state === 'live' || state === 'ended' ? undefined : (live.lost ?? (state === 'broken' ? Date.now() : undefined));
        live = { ...live, state, error: state === 'broken' ? error : live.error, lost };
        if (state === 'live' || state === 'ended') live = { ...live, error: undefined };
        if (state === 'ended') {
          clearTimeout(timer);
          timer = undefined;
        }
        soon();
      },
    });
    return () => {
      stop.abort();
      clearTimeout(timer);
    };
  }, [id]);
  return shown;
}
