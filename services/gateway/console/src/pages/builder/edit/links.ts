/** Who waits for whom: edges are made and unmade between neighbours, and never into a circle. */
import { find, readPipeline, sameId, type EntryOf, type PipelineOf } from './pipeline';
import { setPartWords } from './parts';
import { Refusal } from './refusal';
import { neighbours } from './tasks';

/** Both ends as neighbours: of tasks in different groups, their groups. */
export function ends(pipeline: PipelineOf, from: string, to: string): [EntryOf, EntryOf] {
  const [first, second] = [find(pipeline, from), find(pipeline, to)];
  if (!first) throw new Refusal('missing', from);
  if (!second) throw new Refusal('missing', to);
  const groupOf = (entry: EntryOf) => (entry.kind === 'task' ? entry.group : undefined);
  if (groupOf(first) === groupOf(second)) {
    if (first.id === second.id) throw new Refusal('circle', first.id);
    return [first, second];
  }
  const top = (entry: EntryOf) => pipeline.entries.find((one) => one.id === (groupOf(entry) ?? entry.id))!;
  const [above, below] = [top(first), top(second)];
  if (above.id === below.id) throw new Refusal('scope', above.id);
  return [above, below];
}

/** Whether `from` waits, directly or through others, for `to`. */
export function waitsFor(pipeline: PipelineOf, from: EntryOf, to: EntryOf): boolean {
  const around = [from, ...neighbours(pipeline, from)];
  const seen = new Set<string>();
  const visit = (entry: EntryOf): boolean => {
    if (entry.id === to.id) return true;
    if (seen.has(entry.id)) return false;
    seen.add(entry.id);
    return entry.dependsOn.some((id) => around.some((other) => sameId(other.id, id) && visit(other)));
  };
  return from.id !== to.id && visit(from);
}

/** From now on, `to` waits for `from`. */
export function connect(text: string, from: string, to: string): string {
  const pipeline = readPipeline(text);
  const [first, second] = ends(pipeline, from, to);
  if (second.dependsOn.some((id) => sameId(id, first.id))) return text;
  if (waitsFor(pipeline, first, second)) throw new Refusal('circle', first.id);
  return setDependsOn(text, second, [...second.dependsOn, first.id]);
}

export function disconnect(text: string, from: string, to: string): string {
  const pipeline = readPipeline(text);
  const [first, second] = ends(pipeline, from, to);
  return setDependsOn(text, second, second.dependsOn.filter((id) => !sameId(id, first.id)));
}

export function setDependsOn(text: string, entry: EntryOf, ids: string[]): string {
  return setPartWords(text, [...entry.path, 'depends_on'], ids, entry.path.length);
}
