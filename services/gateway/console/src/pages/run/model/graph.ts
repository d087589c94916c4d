/**
 * A run as a graph: tasks as nodes, groups as frames, and what waits for what. Inside a matrix an iteration waits for
 * its own: `load[2]` before `check[2]`. Pure.
 */
import type { GraphEdge, GraphGroup, GraphNode } from '../../../graph/types';
import { toneOf } from '../../../parts/status';
import type { Definition } from './definition';
import type { RunTask } from './tasks';

const lower = (text: string) => text.toLowerCase();
const groupKey = (id: string) => `group:${id}`;

export interface Shape {
  edges: GraphEdge[];
  groups: GraphGroup[];
  /** Group of each task run. */
  groupOf: Map<string, string>;
}

/** What stays the same while a run goes on: edges and groups. */
export function shapeOf(tasks: readonly RunTask[], definition: Definition, iterated: (many: number) => string): Shape {
  const groupOfTask = new Map<string, string>();
  for (const group of definition.groups) for (const task of group.tasks) groupOfTask.set(lower(task), group.id);
  const groupIds = new Map(definition.groups.map((group) => [lower(group.id), group.id]));
  const byKey = new Map<string, RunTask>();
  const byId = new Map<string, RunTask[]>();
  const groupOf = new Map<string, string>();
  for (const task of tasks) {
    byKey.set(lower(task.key), task);
    const list = byId.get(lower(task.taskId));
    if (list) list.push(task);
    else byId.set(lower(task.taskId), [task]);
    const group = groupOfTask.get(lower(task.taskId));
    if (group !== undefined) groupOf.set(task.id, groupKey(group));
  }

  const edges: GraphEdge[] = [];
  const edge = (from: string, to: string) => edges.push({ id: `${from}>${to}`, from, to });
  for (const task of tasks) {
    for (const id of task.dependsOn.map(lower)) {
      const own = task.iteration === undefined ? undefined : byKey.get(`${id}[${task.iteration}]`);
      const group = groupIds.get(id);
      if (own && groupOf.get(own.id) === groupOf.get(task.id)) edge(own.id, task.id);
      else if (group !== undefined) edge(groupKey(group), task.id);
      else for (const before of byId.get(id) ?? []) edge(before.id, task.id);
    }
  }
  const used = new Set(groupOf.values());
  const groups = definition.groups.filter((group) => used.has(groupKey(group.id)));
  for (const group of groups) {
    for (const id of group.dependsOn.map(lower)) {
      const before = groupIds.get(id);
      if (before !== undefined && used.has(groupKey(before))) edge(groupKey(before), groupKey(group.id));
      else for (const task of byId.get(id) ?? []) edge(task.id, groupKey(group.id));
    }
  }
  const iterations = new Map<string, number>();
  for (const task of tasks) {
    const group = groupOf.get(task.id);
    if (group !== undefined && task.iteration !== undefined) iterations.set(group, Math.max(iterations.get(group) ?? 0, task.iteration + 1));
  }
  return {
    edges,
    groups: groups.map((group) => {
      const many = iterations.get(groupKey(group.id));
      return { id: groupKey(group.id), label: group.label, words: many === undefined ? undefined : iterated(many) };
    }),
    groupOf,
  };
}

/** The nodes; those whose task did not change stay the same objects (`kept`). */
export function nodesOf(tasks: readonly RunTask[], shape: Shape, words: (status: string) => string, kept: Map<string, GraphNode<RunTask>>): GraphNode<RunTask>[] {
  return tasks.map((task) => {
    const old = kept.get(task.id);
    const group = shape.groupOf.get(task.id);
    if (old && old.data === task && old.group === group) return old;
    const node: GraphNode<RunTask> = { id: task.id, label: task.taskName, tone: toneOf(task.status), words: words(task.status), group, data: task };
    kept.set(task.id, node);
    return node;
  });
}
