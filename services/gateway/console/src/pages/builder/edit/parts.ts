/**
 * Edits of whatever the language has besides tasks and groups: inputs, schedules, sensors, alerts, and single fields at
 * any depth. Knows where a new key goes, and that what an edit leaves empty goes as well.
 */
import { renameKey, set, setWords, treeWith, unset, valueAt } from './change';
import { orderAt } from './orders';
import { readPipeline } from './pipeline';
import { references, renameReferences } from './references';
import { Refusal } from './refusal';
import { spliced } from './splice';
import { isObject, nodeAt, readWhole, resolved, treeOf, type Path, type Tree } from './tree';

/** The first step of the path that the text does not have itself; its length where it has all. */
function own(text: string, path: Path): number {
  const doc = readWhole(text);
  for (let at = 0; at < path.length; at++) if (nodeAt(doc, path.slice(0, at + 1)) === undefined) return at;
  return path.length;
}

/** As `valueAt`, with what merge keys bring on the way. */
function broughtAt(tree: Tree, path: Path): Tree | undefined {
  return path.reduce<Tree | undefined>((at, step) => (Array.isArray(at) ? at[Number(step)] : isObject(at) ? resolved(at)[String(step)] : undefined), tree);
}

/**
 * Gives a field another value, wherever it stands. Where an anchor brings the map that it stands in, the pipeline gets a
 * map of its own with all that was in it: a merge key would not mix them.
 */
export function setPart(text: string, path: Path, value: Tree): string {
  const there = own(text, path);
  const order = orderAt(readPipeline(text), path.slice(0, there));
  const map = path.slice(0, there + 1);
  const brought = there < path.length - 1 ? broughtAt(treeOf(readWhole(text)), map) : undefined;
  if (brought === undefined || brought === null) return set(text, path, value, order);
  return set(text, map, treeWith(brought, path.slice(there + 1), value), order);
}

/**
 * Takes a part away. What held it and is left empty goes with it, but never the first `keep` steps of the path: those
 * must be there, or are what somebody made.
 */
export function takePart(text: string, path: Path, keep = 0): string {
  const tree = treeOf(readWhole(text));
  const there = own(text, path);
  const map = path.slice(0, there + 1);
  const brought = there < path.length - 1 ? broughtAt(tree, map) : undefined;
  if (brought !== undefined && brought !== null) {
    if (broughtAt(tree, path) === undefined) return text;
    return set(text, map, treeWith(brought, path.slice(there + 1), undefined), orderAt(readPipeline(text), path.slice(0, there)));
  }
  if (there === path.length - 1 && broughtAt(tree, path) !== undefined) throw new Refusal('shared', String(path.at(-1)));
  let gone = path;
  while (gone.length - 1 > keep) {
    const holder = valueAt(tree, gone.slice(0, -1));
    const members = Array.isArray(holder) ? holder.length : isObject(holder) ? Object.keys(holder).length : 0;
    if (members !== 1 || valueAt(tree, gone) === undefined) break;
    gone = gone.slice(0, -1);
  }
  return unset(text, gone);
}

/** A list of words; none take it away. */
export function setPartWords(text: string, path: Path, words: string[], keep = 0): string {
  if (words.length === 0) return takePart(text, path, keep);
  return setWords(text, path, words, orderAt(readPipeline(text), path.slice(0, own(text, path))));
}

/** One more item of a list. */
export function addItem(text: string, path: Path, value: Tree): string {
  const now = broughtAt(treeOf(readWhole(text)), path);
  const count = Array.isArray(now) ? now.length : 0;
  if (count === 0) return setPart(text, path, [value]);
  return setPart(text, [...path, count], value);
}

/** Whether a map has the name, beside `but`. Names of inputs are alike in upper and lower case. */
function isTaken(text: string, path: Path, name: string, but?: string): boolean {
  const alike = path.length === 1 && path[0] === 'inputs' ? (one: string) => one.toLowerCase() : (one: string) => one;
  return Object.keys(resolved(broughtAt(treeOf(readWhole(text)), path))).some((one) => one !== but && alike(one) === alike(name));
}

/** One more value of a map whose keys are names. */
export function addNamed(text: string, path: Path, name: string, value: Tree): string {
  if (isTaken(text, path, name)) throw new Refusal('taken', name);
  return setPart(text, [...path, checkedName(name)], value);
}

function checkedName(given: string): string {
  const name = given.trim();
  if (name === '' || /[\n\r]/.test(name) || name === '<<') throw new Refusal('id', given);
  return name;
}

/** A name that the map does not have yet: `sensor`, `sensor_2`. */
export function freeName(names: readonly string[], base: string): string {
  for (let count = 1; ; count++) {
    const name = count === 1 ? base : `${base}_${count}`;
    if (!names.some((one) => one.toLowerCase() === name.toLowerCase())) return name;
  }
}

export const renamePart = (text: string, path: Path, name: string): string => renameKey(text, path, checkedName(name));

/** Where runs of this pipeline get their inputs: the maps of that name whose keys are inputs. */
function givenInputs(tree: Tree, name: string, path: Path = []): Path[] {
  if (Array.isArray(tree)) return tree.flatMap((one, at) => givenInputs(one, name, [...path, at]));
  if (!isObject(tree)) return [];
  return Object.entries(tree).flatMap(([key, value]) => {
    // What a task gives to another pipeline is named by that one.
    if (path.length === 0 && key === 'pipeline') return [];
    // What others keep in `meta` is theirs.
    if (path.length === 1 && path[0] === 'meta' && key !== 'downbeat') return [];
    const below = [...path, key];
    if ((key !== 'run_inputs' && key !== 'map_outputs') || !isObject(value)) return givenInputs(value, name, below);
    return Object.keys(value).filter((one) => one.toLowerCase() === name.toLowerCase()).map((one) => [...below, one]);
  });
}

/** Another name for an input, for all expressions that read it and all that give it, too. */
export function renameInput(text: string, name: string, given: string): string {
  const next = given.trim();
  if (!/^[A-Za-z_]\w*$/.test(next)) throw new Refusal('word', given);
  if (next === name) return text;
  if (isTaken(text, ['inputs'], next, name)) throw new Refusal('taken', next);
  const named = spliced(text, renameReferences(text, 'input', name, next));
  const renamed = givenInputs(treeOf(readWhole(named)), name).reduce((now, path) => renameKey(now, path, next), named);
  return renameKey(renamed, ['inputs', name], next);
}

/** How many places would name nothing if the input went. */
export const inputNamedBy = (text: string, name: string): number => references(text, 'input', name) + givenInputs(treeOf(readWhole(text)), name).length;
