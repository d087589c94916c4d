/**
 * What the text of a pipeline says about itself: owner, labels, tags, its tasks in the order in which they can run. The
 * text comes from outside: whatever has another shape than it should counts as not there. Knows no component.
 */
import { parse } from 'yaml';

export interface Task {
  id: string;
  name: string;
  /** Ids of the groups around it, the outermost first. */
  groups: string[];
  integration: string;
  job: string;
  /** What it names itself. */
  dependsOn: string[];
  /** All that it waits for: its own, and what the groups around it name. */
  waits: string[];
  owner: string;
  tags: string[];
  condition: string;
}
export interface Group {
  id: string;
  dependsOn: string[];
}
export interface Trigger {
  /** Where it stands: names are unique among those of one list only. */
  id: string;
  kind: 'event' | 'asset' | 'pipeline';
  name: string;
  /** What it listens to: subjects, keys of assets (`*` in one = any characters), the id of a pipeline (`*` = any). */
  to: string[];
  /** An event of each is needed, within this time. */
  within?: string;
  /** Of a pipeline that ends: with which of these. */
  statuses: string[];
}
export interface Definition {
  owner: string;
  labels: string[];
  tags: string[];
  tasks: Task[];
  groups: Group[];
  /** Names that it gives to schedules. */
  schedules: string[];
  triggers: Trigger[];
  /** Whether calls from outside may start it. */
  webhook: boolean;
}

type Tree = Record<string, unknown>;
const tree = (value: unknown): Tree => (typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Tree) : {});
const words = (value: unknown): string => (typeof value === 'string' ? value : '');
const list = (value: unknown): string[] => (Array.isArray(value) ? value.map(words).filter(Boolean) : words(value) ? [words(value)] : []);
const ours = (value: unknown): Tree => tree(tree(tree(value).meta).downbeat);

function* tasksOf(nodes: Tree, groups: Group[]): Generator<{ task: Task; groups: Group[] }> {
  for (const [id, value] of Object.entries(nodes)) {
    const node = tree(value);
    if (typeof node.tasks === 'object') {
      yield* tasksOf(tree(node.tasks), [...groups, { id, dependsOn: list(node.depends_on) }]);
      continue;
    }
    const dependsOn = list(node.depends_on);
    const task: Task = {
      id,
      name: words(node.name),
      groups: groups.map((group) => group.id),
      integration: words(node.integration),
      job: words(node.integration_job),
      dependsOn,
      waits: [...dependsOn, ...groups.flatMap((group) => group.dependsOn)],
      owner: words(ours(node).owner),
      tags: list(node.tags),
      condition: words(node.condition),
    };
    yield { task, groups };
  }
}

function triggersOf(document: Tree): Trigger[] {
  const after = (Array.isArray(document.trigger_events) ? document.trigger_events : []).map((one, at): Trigger => {
    const event = tree(one);
    const statuses = list(event.statuses);
    return { id: `after-${at}`, kind: 'pipeline', name: words(event.name) || `trigger-${at + 1}`, to: list(event.pipeline_id), statuses: statuses.length > 0 ? statuses : ['SUCCEEDED', 'WARNING'] };
  });
  const further = ours(document).triggers;
  const others = (Array.isArray(further) ? further : []).map((one, at): Trigger => {
    const trigger = tree(one);
    const assets = list(trigger.asset);
    const common = { id: `ours-${at}`, name: words(trigger.name) || `trigger-${at + 1}`, statuses: [] };
    if (assets.length > 0) return { ...common, kind: 'asset', to: assets };
    if (!Array.isArray(trigger.all_of)) return { ...common, kind: 'event', to: list(trigger.nats) };
    return { ...common, kind: 'event', to: trigger.all_of.flatMap((part) => list(tree(part).nats)), within: words(trigger.within) };
  });
  return [...after, ...others];
}

/** The definition of a text; of one that is no YAML, one that says nothing. */
export function readDefinition(yaml: string): Definition {
  let document: Tree = {};
  try {
    // All that is read here are names: `yes` and `012` are what they look like.
    document = tree(parse(yaml, { schema: 'failsafe', merge: true, maxAliasCount: 1000 }));
  } catch {
    // Shown as text all the same; the builder says what is wrong.
  }
  const found = [...tasksOf(tree(document.pipeline), [])];
  const tasks = found.map((one) => one.task);
  return {
    owner: words(ours(document).owner),
    labels: list(ours(document).labels),
    tags: [...new Set(tasks.flatMap((task) => task.tags))].sort(),
    tasks: inOrder(tasks),
    groups: [...new Map(found.flatMap((one) => one.groups.map((group) => [group.id, group] as const))).values()],
    schedules: [document.schedule, ours(document).schedules].flatMap((all) => (Array.isArray(all) ? all.map((one) => words(tree(one).name)).filter(Boolean) : [])),
    triggers: triggersOf(document),
    // Read as text: what YAML 1.1 means by yes is written in any of these ways.
    webhook: /^(true|yes|on)$/i.test(words(tree(document.webhook).enabled)),
  };
}

/** Tasks so that each comes after what it depends on, otherwise as they stand; what goes in circles comes last. */
export function inOrder(tasks: Task[]): Task[] {
  const out: Task[] = [];
  const placed = new Set<string>();
  // A dependency may name a group: then all of its tasks must be there.
  const met = (name: string) => placed.has(name) || !tasks.some((task) => task.id === name || task.groups.includes(name));
  let rest = tasks;
  while (rest.length > 0) {
    const ready = rest.filter((task) => task.waits.every(met));
    if (ready.length === 0) return [...out, ...rest];
    for (const task of ready) {
      out.push(task);
      placed.add(task.id);
    }
    rest = rest.filter((task) => !ready.includes(task));
    for (const task of ready) {
      for (const group of task.groups) if (!rest.some((other) => other.groups.includes(group))) placed.add(group);
    }
  }
  return out;
}
