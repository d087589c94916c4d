/**
 * What a text says as a pipeline, for those who draw it: groups, tasks, and who waits for whom. Takes whatever stands
 * there: a text that is half written gives what can be read of it. Judges nothing; that is the server's part.
 */
import { isMap, isScalar, isSeq, type Node } from 'yaml';
import { keyRange, pairEnd } from './places';
import { lineStart } from './splice';
import { isObject, ownPair, read, resolved, treeOf, type Doc, type Path, type Tree } from './tree';

export interface Place {
  from: number;
  to: number;
}

export interface TaskOf {
  kind: 'task';
  id: string;
  group?: string;
  path: Path;
  name: string;
  integration: string;
  job: string;
  dependsOn: string[];
  condition?: string;
  paused: boolean;
  /** All fields, with what anchors and merge keys bring. */
  fields: { [key: string]: Tree };
  /** Where it stands in the text; none = an anchor brings it. */
  place?: Place;
}

export interface GroupOf {
  kind: 'group';
  id: string;
  path: Path;
  name: string;
  dependsOn: string[];
  condition?: string;
  paused: boolean;
  matrix: boolean;
  fields: { [key: string]: Tree };
  tasks: TaskOf[];
  place?: Place;
}

export type EntryOf = TaskOf | GroupOf;

export interface PipelineOf {
  name: string;
  entries: EntryOf[];
  fields: { [key: string]: Tree };
  /** What keeps the text from being read to its end. */
  broken?: { words: string; from: number };
}

const text = (tree: Tree | undefined): string => (typeof tree === 'string' ? tree : typeof tree === 'number' || typeof tree === 'boolean' ? String(tree) : '');
const words = (tree: Tree | undefined): string[] => (Array.isArray(tree) ? tree.map(text).filter(Boolean) : text(tree) ? [text(tree)] : []);

export function readPipeline(source: string): PipelineOf {
  const doc = read(source);
  const error = doc.errors[0];
  const broken = error && { words: error.message.split('\n')[0]!.replace(/ at line \d+, column \d+:?$/, ''), from: error.pos[0] };
  let tree: Tree;
  try {
    tree = treeOf(doc);
  } catch {
    return { name: '', entries: [], fields: {}, broken: broken ?? { words: 'alias', from: 0 } };
  }
  const fields = resolved(tree);
  const entries = Object.entries(resolved(fields.pipeline)).map(([id, value]): EntryOf => {
    const path = ['pipeline', id];
    const own = resolved(value);
    if (!Object.hasOwn(own, 'tasks')) return taskOf(source, doc, path, own);
    const tasks = Object.entries(resolved(own.tasks)).map(([task, inner]) => taskOf(source, doc, [...path, 'tasks', task], resolved(inner), id));
    return { kind: 'group', id, path, ...common(own), matrix: isObject(own.matrix), fields: own, tasks, place: placeOf(source, doc, path) };
  });
  return { name: text(fields.name), entries, fields, broken };
}

const common = (own: { [key: string]: Tree }) => ({
  name: text(own.name),
  dependsOn: words(own.depends_on),
  condition: text(own.condition) || undefined,
  paused: own.paused === true,
});

function taskOf(source: string, doc: Doc, path: Path, own: { [key: string]: Tree }, group?: string): TaskOf {
  return {
    kind: 'task',
    id: String(path.at(-1)),
    group,
    path,
    ...common(own),
    integration: text(own.integration),
    job: text(own.integration_job),
    fields: own,
    place: placeOf(source, doc, path),
  };
}

/** From the beginning of its line to its last character. */
export function placeOf(source: string, doc: Doc, path: Path): Place | undefined {
  let node: Node | null | undefined = doc.contents;
  for (let at = 0; at < path.length; at++) {
    if (isSeq(node)) {
      node = node.items[Number(path[at])] as Node | undefined;
      if (at === path.length - 1 && node?.range) return { from: node.range[0], to: node.range[1] };
      continue;
    }
    if (!isMap(node)) return undefined;
    const pair = ownPair(node, String(path[at]));
    if (!pair) return undefined;
    if (at === path.length - 1) {
      try {
        const [from] = keyRange(pair);
        return { from: isScalar(pair.key) ? from : lineStart(source, from), to: pairEnd(source, pair) };
      } catch {
        return undefined;
      }
    }
    node = pair.value;
  }
  return undefined;
}

/** The tasks in their order, those of groups among them. */
export const tasksOf = (pipeline: PipelineOf): TaskOf[] => pipeline.entries.flatMap((entry) => (entry.kind === 'group' ? entry.tasks : [entry]));

export const sameId = (a: string, b: string): boolean => a.toLowerCase() === b.toLowerCase();

/** Groups and tasks share their ids. */
export function find(pipeline: PipelineOf, id: string): EntryOf | undefined {
  for (const entry of pipeline.entries) {
    if (sameId(entry.id, id)) return entry;
    const inside = entry.kind === 'group' ? entry.tasks.find((task) => sameId(task.id, id)) : undefined;
    if (inside) return inside;
  }
  return undefined;
}

/** An id that nothing has yet, made of a name: `load_orders`, `load_orders_2`. */
export function freeId(pipeline: PipelineOf, name: string): string {
  const base = name.toLowerCase().replace(/[^a-z0-9]+/g, '_').replace(/^_+|_+$/g, '') || 'task';
  for (let count = 1; ; count++) {
    const id = count === 1 ? base : `${base}_${count}`;
    if (!find(pipeline, id)) return id;
  }
}
