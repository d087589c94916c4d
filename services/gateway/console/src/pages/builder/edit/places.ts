/** Where nodes begin and end in the text, with the lines and comments that belong to them. */
import { isMap, isScalar, isSeq, type Node, type Pair, type YAMLMap, type YAMLSeq } from 'yaml';
import { Refusal } from './refusal';
import { column, firstInLine, lineEnd, lineStart, nextLine } from './splice';
import { isAbsent, isBlockScalar, isFlow, rangeOf } from './tree';

type Entry = Pair<Node, Node | null>;

export const keyRange = (pair: Entry): [number, number] => {
  const [from, to] = rangeOf(pair.key);
  return [from, to];
};

/** Behind the colon of a pair. */
export function colonEnd(text: string, pair: Entry): number {
  const [, to] = keyRange(pair);
  const colon = text.indexOf(':', to);
  if (colon < 0 || text.slice(to, colon).trim() !== '') throw new Refusal('layout');
  return colon + 1;
}

/** Behind the last character of a node, without line break and comment. */
export function contentEnd(text: string, node: Node): number {
  if (isMap(node) && !isFlow(node)) {
    const last = node.items.at(-1) as Entry | undefined;
    return last ? pairEnd(text, last) : rangeOf(node)[1];
  }
  if (isSeq(node) && !isFlow(node)) {
    const last = node.items.at(-1) as Node | undefined;
    if (!last) return rangeOf(node)[1];
    return isAbsent(last) ? dashOf(text, last) + 1 : contentEnd(text, last);
  }
  const [from, to] = rangeOf(node);
  if (!isBlockScalar(node)) return to;
  // The line break behind the last line belongs to the scalar; where it keeps empty lines, those do as well.
  const keeps = /^[|>][0-9]*\+/.test(text.slice(from, to));
  const end = keeps ? to : from + text.slice(from, to).trimEnd().length;
  return keeps && text[end - 1] === '\n' ? lineEnd(text, end - 1) : end;
}

export function pairEnd(text: string, pair: Entry): number {
  return isAbsent(pair.value) ? colonEnd(text, pair) : contentEnd(text, pair.value!);
}

/** Where the dash of an item stands. */
export function dashOf(text: string, item: Node): number {
  const [from] = rangeOf(item);
  const dash = text.lastIndexOf('-', from - 1);
  if (dash < 0) throw new Refusal('layout');
  return dash;
}

/** The lines of comments that stand right above a line, at the same column: they are about what it says. */
export function withCommentsAbove(text: string, at: number): number {
  const wanted = column(text, at);
  let from = lineStart(text, at);
  while (from > 0) {
    const above = lineStart(text, from - 1);
    const line = text.slice(above, lineEnd(text, above));
    if (!new RegExp(`^ {${wanted}}#`).test(line)) break;
    from = above;
  }
  return from;
}

/** From its comments on to the line after it; `undefined` = it shares its first line with something else. */
export function pairLines(text: string, pair: Entry): [number, number] | undefined {
  const [from] = keyRange(pair);
  if (!firstInLine(text, from)) return undefined;
  return [withCommentsAbove(text, from), nextLine(text, pairEnd(text, pair))];
}

/** The column of the keys of a map in block layout. */
export const mapColumn = (text: string, map: YAMLMap): number => {
  const first = map.items[0] as Entry | undefined;
  if (!first) throw new Refusal('layout');
  return column(text, keyRange(first)[0]);
};

export const seqColumn = (text: string, seq: YAMLSeq): number => {
  const first = seq.items[0] as Node | undefined;
  if (!first) throw new Refusal('layout');
  return column(text, dashOf(text, first));
};

/** The quotes around a scalar, if there are some. */
export function quoteOf(node: Node | null | undefined): "'" | '"' | undefined {
  if (!isScalar(node)) return undefined;
  return node.type === 'QUOTE_SINGLE' ? "'" : node.type === 'QUOTE_DOUBLE' ? '"' : undefined;
}
