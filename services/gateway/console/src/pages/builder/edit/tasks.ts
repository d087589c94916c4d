/** Edits of tasks and groups: each takes a text and gives another, in which only what the edit is about has changed. */
import { renameKey, set, setWords, unset } from './change';
import { setPart } from './parts';
import { find, readPipeline, sameId, type EntryOf, type PipelineOf } from './pipeline';
import { references, renameReferences } from './references';
import { Refusal } from './refusal';
import { spliced } from './splice';
import { isObject, type Path, type Tree } from './tree';

export interface NewTask {
  id: string;
  name?: string;
  integration: string;
  job: string;
  parameters?: { [key: string]: Tree };
  connection?: string;
  dependsOn?: string[];
}

function theEntry(pipeline: PipelineOf, id: string): EntryOf {
  const found = find(pipeline, id);
  if (!found) throw new Refusal('missing', id);
  return found;
}

/** Refuses an id that is taken, or that is none. */
export function freshId(pipeline: PipelineOf, id: string, but?: string): string {
  const clean = id.trim();
  if (clean === '' || /[\n\r]/.test(clean) || clean === '<<') throw new Refusal('id', id);
  if (find(pipeline, clean) && !(but !== undefined && sameId(clean, but))) throw new Refusal('taken', clean);
  return clean;
}

export function addTask(text: string, task: NewTask, group?: string): string {
  const pipeline = readPipeline(text);
  const id = freshId(pipeline, task.id);
  const fields: { [key: string]: Tree } = {};
  if (task.name) fields.name = task.name;
  if (task.dependsOn && task.dependsOn.length > 0) fields.depends_on = task.dependsOn;
  fields.integration = task.integration;
  fields.integration_job = task.job;
  if (task.connection) fields.connection = task.connection;
  fields.parameters = task.parameters ?? {};
  if (group === undefined) return setPart(text, ['pipeline', id], fields);
  const holder = theEntry(pipeline, group);
  if (holder.kind !== 'group') throw new Refusal('nested', group);
  return setPart(text, [...holder.path, 'tasks', id], fields);
}

export function addGroup(text: string, given: string, name?: string): string {
  const id = freshId(readPipeline(text), given);
  return setPart(text, ['pipeline', id], { ...(name ? { name } : {}), tasks: {} });
}

/** Takes a task or group away; nobody waits for it any more. Expressions that name it stay: they are somebody's words. */
export function removeEntry(text: string, id: string): string {
  const entry = theEntry(readPipeline(text), id);
  return unset(withoutWaiting(text, entry), entry.path);
}

/** How many expressions would name nothing if it went. */
export function namedBy(text: string, entry: EntryOf): number {
  const own = references(text, entry.kind, entry.id);
  return entry.kind === 'group' ? own + entry.tasks.reduce((sum, task) => sum + references(text, 'task', task.id), 0) : own;
}

/** Those who may name the entry in `depends_on`: its neighbours. */
export function neighbours(pipeline: PipelineOf, entry: EntryOf): EntryOf[] {
  if (entry.kind === 'task' && entry.group !== undefined) {
    const group = pipeline.entries.find((one) => one.kind === 'group' && one.id === entry.group);
    return group?.kind === 'group' ? group.tasks.filter((task) => task.id !== entry.id) : [];
  }
  return pipeline.entries.filter((one) => one.id !== entry.id);
}

function withoutWaiting(text: string, entry: EntryOf): string {
  return neighbours(readPipeline(text), entry).reduce(
    (now, other) =>
      other.dependsOn.some((id) => sameId(id, entry.id)) ? setWords(now, [...other.path, 'depends_on'], other.dependsOn.filter((id) => !sameId(id, entry.id))) : now,
    text,
  );
}

/** Another id, for those who wait for it and for all expressions that name it too. */
export function renameEntry(text: string, id: string, given: string): string {
  const pipeline = readPipeline(text);
  const entry = theEntry(pipeline, id);
  const next = freshId(pipeline, given, entry.id);
  if (next === entry.id) return text;
  let now = spliced(text, renameReferences(text, entry.kind, entry.id, next));
  for (const other of neighbours(pipeline, entry)) {
    other.dependsOn.forEach((word, at) => {
      if (!sameId(word, entry.id)) return;
      const path: Path = [...other.path, 'depends_on'];
      now = set(now, Array.isArray(other.fields.depends_on) ? [...path, at] : path, next);
    });
  }
  return renameKey(now, entry.path, next);
}

/** A field of a task or group; undefined, null and nothing take it away. */
export function setField(text: string, id: string, field: string, value: Tree | undefined): string {
  const entry = theEntry(readPipeline(text), id);
  const path: Path = [...entry.path, field];
  if (value === undefined || value === null || value === '') return unset(text, path);
  return setPart(text, path, value);
}

export type Matrix = { name: string; values: Tree; max_parallel?: number; sequential?: boolean; continue_on_error?: boolean };

/** What a group is repeated for; undefined = it runs once. */
export function setMatrix(text: string, id: string, matrix: Matrix | undefined): string {
  const entry = theEntry(readPipeline(text), id);
  if (entry.kind !== 'group') throw new Refusal('nested', id);
  const base: Path = [...entry.path, 'matrix'];
  if (!matrix) return unset(text, base);
  const { name, values, ...rest } = matrix;
  const now = resolvedInputs(entry);
  let next = text;
  if (now === undefined) next = setPart(next, base, { inputs: { [name]: values } });
  else {
    if (now !== name) next = renameKey(next, [...base, 'inputs', now], name);
    next = set(next, [...base, 'inputs', name], values);
  }
  for (const [key, value] of Object.entries(rest)) {
    next = value === undefined || value === false ? unset(next, [...base, key]) : set(next, [...base, key], value);
  }
  return next;
}

function resolvedInputs(entry: EntryOf): string | undefined {
  const matrix = entry.fields.matrix;
  return isObject(matrix) && isObject(matrix.inputs) ? Object.keys(matrix.inputs)[0] : undefined;
}
