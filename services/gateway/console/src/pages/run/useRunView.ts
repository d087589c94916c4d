/**
 * Everything that the tabs of a run show, put together: the run as it lives or as it stood at an instant, its shape, and
 * what the log tells of it. The instant stands in the URL (`at`).
 */
import { useEffect, useMemo, useRef, useState } from 'react';
import { useSearchParams } from 'react-router';
import { useLiveRun, type LiveRun } from '../../api/run-live';
import { useDefinition, useRun, useWhy, type Explanation, type Run, type TaskRun } from '../../api/runs';
import { t } from '../../i18n';
import { attemptsOf, type Attempt } from './model/attempts';
import { definitionOf, type Definition } from './model/definition';
import { shapeOf, type Shape } from './model/graph';
import { runTasks, type RunTask } from './model/tasks';
import { moments, tasksAt, type Moment } from './model/timeline';

export interface RunView {
  run: Run;
  live: LiveRun;
  /** As they are now. */
  tasks: RunTask[];
  /** As they are, or as they stood at the chosen instant. */
  shown: RunTask[];
  shape: Shape;
  definition: Definition;
  /** Undefined until they are known; of very large runs for good. */
  events?: Explanation[];
  /** The server tells only single tasks of this run. */
  large: boolean;
  told: Moment[];
  attempts?: Map<string, Attempt[]>;
  /** Milliseconds of the chosen instant; undefined = now. */
  at?: number;
  travel: (at: number | undefined) => void;
  /** Grows when something has changed, at most every two seconds. */
  version: number;
}

/** A number that follows another one, but not more often than every `every` milliseconds. */
function useCalm(value: number, every: number): number {
  const [calm, setCalm] = useState(value);
  const last = useRef(0);
  useEffect(() => {
    if (value === calm) return;
    const timer = setTimeout(() => {
      last.current = Date.now();
      setCalm(value);
    }, Math.max(0, last.current + every - Date.now()));
    return () => clearTimeout(timer);
  }, [value, calm, every]);
  return calm;
}

const NOBODY: Definition = { groups: [] };

/** `run` is there first; `view` once all tasks are. */
export function useRunView(id: string, needsEvents: boolean): { live: LiveRun; run?: Run; view?: RunView } {
  const live = useLiveRun(id);
  const head = useRun(id);
  const run = live.run ?? head.data;
  const version = useCalm(live.version, 2_000);
  const [query, setQuery] = useSearchParams();
  const parsed = Date.parse(query.get('at') ?? '');
  const at = Number.isNaN(parsed) ? undefined : parsed;

  const kept = useRef(new WeakMap<TaskRun, RunTask>());
  const tasks = useMemo(() => runTasks(live.tasks, kept.current), [live.tasks]);
  const text = useDefinition(run);
  const definition = useMemo(() => (text.data === undefined ? NOBODY : definitionOf(text.data)), [text.data]);
  // The shape stays until a task comes or the text does.
  const ids = useMemo(() => tasks.map((task) => task.id).join(), [tasks]);
  const shape = useMemo(() => shapeOf(tasks, definition, (count) => t('run.iterations', { count })), [ids, definition]);

  const why = useWhy(id, undefined, version, live.run !== undefined && (needsEvents || at !== undefined));
  const large = why.isError;
  const events = large ? undefined : why.data;
  const told = useMemo(() => (run && (events || large) ? moments(run, tasks, events) : []), [run, tasks, events, large]);
  const attempts = useMemo(() => events && attemptsOf(events), [events]);
  const shown = useMemo(() => (at === undefined || told.length === 0 ? tasks : tasksAt(tasks, told, at)), [tasks, told, at]);
  const travel = useMemo(
    () => (to: number | undefined) =>
      setQuery(
        (old) => {
          const next = new URLSearchParams(old);
          if (to === undefined) next.delete('at');
          else next.set('at', new Date(to).toISOString());
          return next;
        },
        { replace: true },
      ),
    [setQuery],
  );
  if (!run || live.version === 0) return { live, run };
  // Tasks of a pipeline with groups are drawn once the groups are known, so that nothing jumps.
  return { live, run, view: text.isLoading ? undefined : { run, live, tasks, shown, shape, definition, events, large, told, attempts, at, travel, version } };
}
