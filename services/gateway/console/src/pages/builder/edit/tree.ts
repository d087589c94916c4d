/**
 * A YAML text as a tree whose nodes know their place, read as the pipeline language reads it (YAML 1.1). Promises that
 * a path leads only to what stands there itself: what an alias or a merge key brings is not followed.
 */
import { isAlias, isMap, isScalar, isSeq, parseDocument, type Document, type Node, type Pair, type ParsedNode, type Scalar, type YAMLMap } from 'yaml';
import { Refusal } from './refusal';

export type Step = string | number;
export type Path = readonly Step[];
export type Tree = null | string | number | boolean | Tree[] | { [key: string]: Tree };
export type Doc = Document.Parsed<ParsedNode, true>;

/** Aliases inside aliases beyond this depth are no pipeline. */
const DEPTH = 64;

export function read(text: string): Doc {
  return parseDocument(text, { version: '1.1', merge: true, uniqueKeys: false, prettyErrors: false, logLevel: 'silent' }) as Doc;
}

/** As `read`, for what is going to be edited. */
export function readWhole(text: string): Doc {
  const doc = read(text);
  if (doc.errors.length > 0) throw new Refusal('broken', doc.errors[0]!.message.split('\n')[0]);
  return doc;
}

/** A key as it is written: `on` and `010` are keys like others, whatever YAML takes them for. */
export function keyText(pair: Pair): string {
  const key = pair.key as Node | null;
  if (isScalar(key)) return key.source ?? String(key.value);
  return '';
}

export const ownPair = (map: YAMLMap, key: string): Pair<Node, Node | null> | undefined =>
  (map.items as Pair<Node, Node | null>[]).find((pair) => keyText(pair) === key);

/** The node at a path, or undefined. An alias on the way is not followed. */
export function nodeAt(doc: Doc, path: Path): Node | null | undefined {
  let node: Node | null | undefined = doc.contents;
  for (const step of path) {
    if (isMap(node)) node = ownPair(node, String(step))?.value;
    else if (isSeq(node)) node = node.items[Number(step)] as Node | undefined;
    else return undefined;
  }
  return node;
}

export const rangeOf = (node: Node): [number, number, number] => {
  if (!node.range) throw new Refusal('layout');
  return node.range;
};

/** Whether nothing is written for this value: `key:`. */
export const isAbsent = (node: Node | null | undefined): boolean => !node || (isScalar(node) && node.value === null && rangeOf(node)[0] === rangeOf(node)[1]);

export const isBlockScalar = (node: Node | null | undefined): node is Scalar =>
  isScalar(node) && (node.type === 'BLOCK_LITERAL' || node.type === 'BLOCK_FOLDED');

export const isFlow = (node: Node | null | undefined): boolean => (isMap(node) || isSeq(node)) && node.flow === true;

/** The text of what a node means: merge keys stay keys of their own (`<<`), aliases are what they stand for. */
export function treeOf(doc: Doc, node: Node | null | undefined = doc.contents, depth = 0): Tree {
  if (depth > DEPTH) throw new Refusal('layout');
  if (!node) return null;
  if (isAlias(node)) return treeOf(doc, node.resolve(doc), depth + 1);
  if (isMap(node)) {
    const out: Record<string, Tree> = {};
    for (const pair of node.items as Pair<Node, Node | null>[]) {
      Object.defineProperty(out, keyText(pair), { value: treeOf(doc, pair.value, depth + 1), enumerable: true, configurable: true, writable: true });
    }
    return out;
  }
  if (isSeq(node)) return node.items.map((item) => treeOf(doc, item as Node, depth + 1));
  const value = (node as Scalar).value;
  if (value instanceof Date) return (node as Scalar).source ?? value.toISOString();
  if (typeof value === 'bigint') return String(value);
  return value === undefined ? null : (value as Tree);
}

export const isObject = (tree: Tree | undefined): tree is { [key: string]: Tree } => typeof tree === 'object' && tree !== null && !Array.isArray(tree);

/** The map with what its merge keys bring. */
export function resolved(tree: Tree | undefined): { [key: string]: Tree } {
  if (!isObject(tree)) return {};
  if (!Object.hasOwn(tree, '<<')) return tree;
  const { '<<': merged, ...own } = tree;
  const sources = Array.isArray(merged) ? merged : [merged ?? null];
  return Object.assign({}, ...sources.map((one) => resolved(one)).reverse(), own) as { [key: string]: Tree };
}

export function sameTree(a: Tree | undefined, b: Tree | undefined): boolean {
  if (a === b) return true;
  if (Array.isArray(a) && Array.isArray(b)) return a.length === b.length && a.every((one, at) => sameTree(one, b[at]));
  if (isObject(a) && isObject(b)) {
    const keys = Object.keys(a);
    return keys.length === Object.keys(b).length && keys.every((key) => Object.hasOwn(b, key) && sameTree(a[key], b[key]));
  }
  return typeof a === 'number' && typeof b === 'number' && Number.isNaN(a) && Number.isNaN(b);
}
