/**
 * The changes of which all edits are made. Each is done as a whole or not at all: the text that comes out is read again,
 * and must mean what the change says and nothing else. Knows nothing about pipelines.
 */
import { put } from './put';
import { Refusal } from './refusal';
import { spliced, type Splice } from './splice';
import { rekey, take } from './take';
import { isObject, nodeAt, read, readWhole, sameTree, treeOf, type Path, type Tree } from './tree';

/** The text with the pieces, if it then means `expected`. */
export function checked(text: string, splices: Splice[], expected: Tree): string {
  const next = spliced(text, splices);
  const doc = read(next);
  if (doc.errors.length > 0) throw new Refusal(/alias/i.test(doc.errors[0]!.message) ? 'shared' : 'layout');
  let means: Tree;
  try {
    means = treeOf(doc);
  } catch {
    // An anchor went with what was taken.
    throw new Refusal('shared');
  }
  if (!sameTree(means, expected)) throw new Refusal('shared');
  return next;
}

/** The tree with another value at `path`; `undefined` takes it away. */
export function treeWith(tree: Tree, path: Path, value: Tree | undefined): Tree {
  const [step, ...rest] = path;
  if (step === undefined) return value ?? null;
  if (Array.isArray(tree)) {
    const at = Number(step);
    const out = [...tree];
    if (rest.length === 0 && value === undefined) out.splice(at, 1);
    else out[at] = treeWith(tree[at] ?? null, rest, value);
    return out;
  }
  const own = isObject(tree) ? tree : {};
  if (typeof step === 'number') return [treeWith(null, rest, value)];
  const out: Record<string, Tree> = { ...own };
  if (rest.length === 0 && value === undefined) delete out[step];
  else Object.defineProperty(out, step, { value: treeWith(Object.hasOwn(own, step) ? own[step]! : null, rest, value), enumerable: true, configurable: true, writable: true });
  return out;
}

/** Gives a value to a place, making what is missing on the way. The same value again changes nothing. */
export function set(text: string, path: Path, value: Tree, order: readonly string[] = []): string {
  const doc = readWhole(text);
  const tree = treeOf(doc);
  const old = nodeAt(doc, path);
  if (old !== undefined && sameTree(valueAt(tree, path), value)) return text;
  return checked(text, put(text, doc, path, value, order), treeWith(tree, path, value));
}

/** Takes away what stands at `path`; what is not there is gone already. */
export function unset(text: string, path: Path): string {
  const doc = readWhole(text);
  if (nodeAt(doc, path) === undefined) {
    if (valueAt(treeOf(doc), path) !== undefined) throw new Refusal('shared', String(path.at(-1)));
    return text;
  }
  return checked(text, take(text, doc, path), treeWith(treeOf(doc), path, undefined));
}

export function renameKey(text: string, path: Path, name: string): string {
  const doc = readWhole(text);
  const tree = treeOf(doc);
  const holder = valueAt(tree, path.slice(0, -1));
  const old = String(path.at(-1));
  if (!isObject(holder) || !Object.hasOwn(holder, old)) throw new Refusal('missing', old);
  if (name === old) return text;
  if (Object.hasOwn(holder, name)) throw new Refusal('taken', name);
  const renamed = Object.fromEntries(Object.entries(holder).map(([key, value]) => [key === old ? name : key, value]));
  return checked(text, rekey(text, doc, path, name), treeWith(tree, path.slice(0, -1), renamed));
}

export function valueAt(tree: Tree, path: Path): Tree | undefined {
  let at: Tree | undefined = tree;
  for (const step of path) {
    if (Array.isArray(at)) at = at[Number(step)];
    else if (isObject(at)) at = Object.hasOwn(at, String(step)) ? at[String(step)] : undefined;
    else return undefined;
  }
  return at;
}

/** A list of words as it should be: what is there stays where it is, what is gone goes, what is new comes last. */
export function setWords(text: string, path: Path, words: string[], order: readonly string[] = []): string {
  const now = valueAt(treeOf(readWhole(text)), path);
  if (!Array.isArray(now) || now.length === 0) return words.length === 0 ? unset(text, path) : set(text, path, words, order);
  if (words.length === 0) return unset(text, path);
  let next = text;
  for (let at = now.length - 1; at >= 0; at--) if (!words.includes(String(now[at]))) next = unset(next, [...path, at]);
  const kept = now.map(String).filter((word) => words.includes(word));
  words.filter((word) => !kept.includes(word)).forEach((word, at) => {
    next = set(next, [...path, kept.length + at], word);
  });
  return next;
}
