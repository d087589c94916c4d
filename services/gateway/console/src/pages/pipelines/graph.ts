/** The tasks of a definition as nodes, groups and edges. Knows nothing about how a graph is drawn. */
import type { Definition, Task } from './definition';

export interface TaskNode {
  id: string;
  label: string;
  tone: 'idle';
  words: string;
  group?: string;
  data: Task;
}
export interface TaskEdge {
  id: string;
  from: string;
  to: string;
}
export interface TaskGroup {
  id: string;
  label: string;
}

/** Groups have names of their own, so that a task and a group of the same name are two. */
const groupId = (name: string) => `group:${name}`;

export function graphOf({ tasks, groups }: Pick<Definition, 'tasks' | 'groups'>): { nodes: TaskNode[]; edges: TaskEdge[]; groups: TaskGroup[] } {
  const known = new Set(tasks.map((task) => task.id));
  const names = new Set(groups.map((group) => group.id));
  const nodes = tasks.map((task): TaskNode => {
    const group = task.groups.at(-1);
    return { id: task.id, label: task.name || task.id, tone: 'idle', words: task.job || task.integration, group: group && groupId(group), data: task };
  });
  const node = (name: string) => (known.has(name) ? name : names.has(name) ? groupId(name) : undefined);
  const edgesTo = (to: string, from: string[]): TaskEdge[] =>
    from
      .map(node)
      .filter((one) => one !== undefined)
      .map((one) => ({ id: `${one}>${to}`, from: one, to }));
  const edges = [...tasks.flatMap((task) => edgesTo(task.id, task.dependsOn)), ...groups.flatMap((group) => edgesTo(groupId(group.id), group.dependsOn))];
  return { nodes, edges, groups: groups.map(({ id }) => ({ id: groupId(id), label: id })) };
}
