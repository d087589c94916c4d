/** Moves tasks between groups: its lines are taken as they are, comments included, and set in where they now belong. */
import { isMap } from 'yaml';
import { checked, set, setWords, treeWith, unset, valueAt } from './change';
import { find, readPipeline, sameId, type TaskOf } from './pipeline';
import { mapColumn, pairEnd, pairLines } from './places';
import { afterLine } from './put';
import { Refusal } from './refusal';
import { indented, styleOf } from './render';
import { column } from './splice';
import { take } from './take';
import { neighbours } from './tasks';
import { isFlow, nodeAt, ownPair, readWhole, treeOf, type Path } from './tree';

/** `group` absent: it becomes an entry of its own. Those who waited for it where it was no longer do. */
export function moveToGroup(text: string, id: string, group?: string): string {
  const pipeline = readPipeline(text);
  const task = find(pipeline, id);
  if (!task) throw new Refusal('missing', id);
  if (task.kind !== 'task') throw new Refusal('nested', id);
  if (task.group === group) return text;
  const target = group === undefined ? undefined : pipeline.entries.find((entry) => entry.id === group);
  if (group !== undefined && target?.kind !== 'group') throw new Refusal('missing', group);
  let now = text;
  for (const other of neighbours(pipeline, task)) {
    if (other.dependsOn.some((one) => sameId(one, id))) now = setWords(now, [...other.path, 'depends_on'], other.dependsOn.filter((one) => !sameId(one, id)));
  }
  // What it waited for where it was means nothing where it goes.
  if (task.dependsOn.length > 0) now = unset(now, [...task.path, 'depends_on']);
  return move(now, task, [...(target ? [...target.path, 'tasks'] : ['pipeline']), task.id]);
}

function move(text: string, task: TaskOf, to: Path): string {
  const doc = readWhole(text);
  const tree = treeOf(doc);
  const value = valueAt(tree, task.path);
  if (value === undefined) throw new Refusal('shared', task.id);
  const [holder, target] = [nodeAt(doc, task.path.slice(0, -1)), nodeAt(doc, to.slice(0, -1))];
  const pair = isMap(holder) ? ownPair(holder, task.id) : undefined;
  if (!pair) throw new Refusal('shared', task.id);
  const lines = pairLines(text, pair);
  const inBlock = lines && isMap(target) && !isFlow(target) && target.items.length > 0 && isMap(holder) && !isFlow(holder);
  if (!inBlock) return set(unset(text, task.path), to, value);
  const written = text.slice(lines[0], lines[1]).replace(/\r?\n$/, '');
  const by = mapColumn(text, target) - column(text, pair.key.range![0]);
  const moved = by >= 0 ? indented(written, by) : written.replace(new RegExp(`^ {1,${-by}}`, 'gm'), '');
  const end = pairEnd(text, target.items.at(-1) as Parameters<typeof pairEnd>[1]);
  // What waits right above the target is the task itself: then it goes behind what is left.
  const splices = [...take(text, doc, task.path), afterLine(text, end, moved, styleOf(text, doc))];
  return checked(text, splices, treeWith(treeWith(tree, task.path, undefined), to, value));
}
