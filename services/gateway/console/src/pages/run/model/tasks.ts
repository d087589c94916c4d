/** The tasks of a run as pages show them: with their names in the log, and without what only stands for iterations. Pure. */
import type { TaskRun } from '../../../api/runs';

export interface RunTask extends TaskRun {
  /** As the log calls it: `load`, or `load[2]` for iteration 2. */
  key: string;
  /** From 0 on; undefined outside of a matrix. */
  iteration?: number;
}

/**
 * The tasks with their keys. The one that stands for the iterations of a matrix is left out once there are some: they
 * say the same and more. With `kept`, tasks that did not change stay the same objects, so that what is drawn of them
 * need not be drawn again.
 */
export function runTasks(tasks: readonly TaskRun[], kept?: WeakMap<TaskRun, RunTask>): RunTask[] {
  const iterations = new Map<string, number>();
  const parents = new Set<string>();
  for (const task of tasks) if (task.matrixParentId) parents.add(task.matrixParentId);
  const out: RunTask[] = [];
  const add = (task: TaskRun, key: string, iteration?: number) => {
    const known = kept?.get(task);
    if (known?.key === key) return out.push(known);
    const made: RunTask = { ...task, key, iteration };
    kept?.set(task, made);
    return out.push(made);
  };
  for (const task of tasks) {
    if (task.matrixParentId) {
      const iteration = iterations.get(task.matrixParentId) ?? 0;
      iterations.set(task.matrixParentId, iteration + 1);
      add(task, `${task.taskId}[${iteration}]`, iteration);
    } else if (!parents.has(task.id)) add(task, task.taskId);
  }
  return out;
}

export function countBy(tasks: readonly { status: string }[]): Map<string, number> {
  const counts = new Map<string, number>();
  for (const { status } of tasks) counts.set(status, (counts.get(status) ?? 0) + 1);
  return counts;
}
