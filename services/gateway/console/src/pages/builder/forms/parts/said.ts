/** What the server says, by the part and the field that it is about; and where in the forms a place of the document is. */
import type { Diagnostic } from '../../../../api/source';
import { isObject, resolved, type Path, type Tree } from '../../edit/tree';
import { shapeAt, treeAt, type Known } from '../../schema/known';
import { holdsParts } from '../../schema/shape';

/** What is missing stands at the beginning of its map, so it is no fault of the field there. */
const MISSING = 'DB1005';

/** As the server writes paths. */
export const pathText = (path: Path): string => path.map((step, at) => (typeof step === 'number' ? `[${step}]` : at === 0 ? step : `.${step}`)).join('');

/** Errors and warnings at a place of the document and below it. */
export function saidBelow(diagnostics: readonly Diagnostic[], path: Path): Diagnostic[] {
  const place = pathText(path);
  return diagnostics.filter((one) => one.severity !== 'NOTE' && (one.path === place || one.path.startsWith(`${place}.`) || one.path.startsWith(`${place}[`)));
}

const words = (one: Diagnostic) => [one.message, one.help].filter(Boolean).join('\n');

/** What stands at a field. */
export function saidAt(diagnostics: readonly Diagnostic[], path: Path): string | undefined {
  const first = saidBelow(diagnostics, path).find((one) => one.code !== MISSING);
  return first && words(first);
}

/** What is about a part and about none of the fields that it has: what is missing, what nobody knows. */
export function saidOfNone(diagnostics: readonly Diagnostic[], path: Path, fields: readonly string[]): Diagnostic[] {
  return saidBelow(diagnostics, path).filter((one) => one.code === MISSING || !fields.some((field) => saidBelow([one], [...path, field]).length > 0));
}

/** The steps of a path that the server wrote: names may hold dots, so the longest that is there counts. */
export function stepsOf(fields: { [key: string]: Tree }, written: string): Path {
  const out: (string | number)[] = [];
  let at: Tree | undefined = fields;
  let rest = written;
  while (rest !== '') {
    const index = /^\[(\d+)\]\.?/.exec(rest);
    if (index) {
      out.push(Number(index[1]));
      at = Array.isArray(at) ? at[Number(index[1])] : undefined;
      rest = rest.slice(index[0].length);
      continue;
    }
    const map: { [key: string]: Tree } = isObject(at) ? resolved(at) : {};
    const fitting = Object.keys(map).filter((key) => rest === key || rest.startsWith(`${key}.`) || rest.startsWith(`${key}[`));
    const key = fitting.sort((a, b) => b.length - a.length)[0] ?? /^[^.[]+/.exec(rest)?.[0];
    if (key === undefined) return out;
    out.push(key);
    at = map[key];
    rest = rest.slice(key.length).replace(/^\./, '');
  }
  return out;
}

/** Whether a place has a form of its own: an item of a list or map of parts, or one of the few maps that always have one. */
export function isPart(known: Known, path: Path): boolean {
  if (path.length === 1) return path[0] === 'webhook' || path[0] === 'configuration';
  // Tasks are entries of the graph, with forms of their own.
  if (path[0] === 'pipeline' && path.length === 4 && path[2] === 'tasks') return false;
  const holder = shapeAt(known, path.slice(0, -1));
  return holder !== undefined && holdsParts(holder);
}

/** The innermost part that a place of the document is in, from the root on; none = it is of the pipeline or a task itself. */
export function partAround(known: Known, path: Path, from = 0): Path | undefined {
  for (let length = path.length; length > from; length--) {
    const own = path.slice(0, length);
    if (isPart(known, own)) return own;
  }
  return undefined;
}

/** All parts below a place of the document, those that hold others before what they hold. */
export function partsBelow(known: Known, path: Path): Path[] {
  const shape = shapeAt(known, path);
  const own = treeAt(known.pipeline.fields, path);
  return Object.keys(shape?.properties ?? {}).flatMap((key): Path[] => {
    const below = [...path, key];
    const value = isObject(own) ? resolved(own)[key] : undefined;
    if (value === undefined || key === 'pipeline' || key === 'tasks') return [];
    if (isPart(known, below)) return [below, ...partsBelow(known, below)];
    const inner = shapeAt(known, below);
    if (!inner || !holdsParts(inner)) return [];
    const steps = Array.isArray(value) ? value.map((_, at) => at) : Object.keys(resolved(value));
    return steps.flatMap((step) => [[...below, step], ...partsBelow(known, [...below, step])]);
  });
}

/** How many leading steps of a path stay when what is below them is left empty: parts, and what must be there. */
export function stays(known: Known, path: Path): number {
  for (let length = path.length - 1; length > 0; length--) {
    const own = path.slice(0, length);
    const holder = shapeAt(known, own.slice(0, -1));
    if (typeof own.at(-1) === 'number' || holder?.values || holder?.required?.includes(String(own.at(-1)))) return length;
  }
  return 0;
}
