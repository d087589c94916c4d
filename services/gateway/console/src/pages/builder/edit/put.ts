/** The pieces that give a value to a place of the text: in the lines that are there, or in new ones. */
import { isAlias, isMap, isSeq, type Node, type Pair, type YAMLMap, type YAMLSeq } from 'yaml';
import { colonEnd, contentEnd, dashOf, keyRange, mapColumn, pairEnd, pairLines, quoteOf, seqColumn } from './places';
import { Refusal } from './refusal';
import { flowPair, flowText, itemText, literalText, pairText, scalarText, styleOf, type Style } from './render';
import { column, firstInLine, lineEnd, lineStart, nextLine, type Splice } from './splice';
import { isAbsent, isBlockScalar, isFlow, keyText, ownPair, rangeOf, type Doc, type Path, type Tree } from './tree';

type Entry = Pair<Node, Node | null>;

/** What is being written, and into what. */
interface Work {
  text: string;
  style: Style;
}

/** A value below further keys: `[a, b]` of `v` is `{a: {b: v}}`. */
const nested = (steps: Path, value: Tree): Tree => steps.reduceRight<Tree>((inner, step) => (typeof step === 'number' ? [inner] : { [step]: inner }), value);

/** `order`: keys in the order in which new ones go between those that are there. */
export function put(text: string, doc: Doc, path: Path, value: Tree, order: readonly string[] = []): Splice[] {
  const work: Work = { text, style: styleOf(text, doc) };
  let node: Node | null = doc.contents;
  let flow = false;
  for (let at = 0; at < path.length; at++) {
    const step = path[at]!;
    flow ||= isFlow(node);
    const rest = path.slice(at + 1);
    if (isMap(node)) {
      const pair = ownPair(node, String(step));
      if (!pair) return intoMap(work, node, flow, String(step), nested(rest, value), order);
      if (rest.length === 0 || isAbsent(pair.value)) return ofPair(work, pair, flow, nested(rest, value));
      if (isMap(pair.value) && pair.value.items.length === 0) return ofPair(work, pair, flow, nested(rest, value));
      node = pair.value;
    } else if (isSeq(node)) {
      const item = node.items[Number(step)] as Node | undefined;
      if (!item) return intoSeq(work, node, flow, nested(rest, value));
      if (rest.length === 0) return ofItem(work, item, flow, value);
      node = item;
    } else throw new Refusal(isAlias(node) ? 'shared' : 'layout', String(step));
  }
  throw new Refusal('layout');
}

/** Another value for a key that is there. */
function ofPair({ text, style }: Work, pair: Entry, flow: boolean, value: Tree): Splice[] {
  const old = pair.value;
  const colon = colonEnd(text, pair);
  const scalar = typeof value !== 'object' || value === null;
  if (flow) {
    const to = isAbsent(old) ? colon : contentEnd(text, old!);
    const from = isAbsent(old) ? colon : rangeOf(old!)[0];
    return [{ from, to, insert: (isAbsent(old) ? ' ' : '') + flowText(value, style) }];
  }
  const at = column(text, keyRange(pair)[0]);
  const one = scalar && !(typeof value === 'string' && value.includes('\n') && quoteOf(old) === undefined);
  if (one) {
    const inserted = scalarText(value, style, typeof value === 'string' ? quoteOf(old) : undefined);
    if (isAbsent(old)) return [{ from: colon, to: colon, insert: ` ${inserted}` }];
    if (isBlock(old)) return [{ from: colon, to: contentEnd(text, old!), insert: ` ${inserted}${isBlockScalar(old) ? commentOfHead(text, old) : ''}` }];
    return [{ from: rangeOf(old!)[0], to: contentEnd(text, old!), insert: inserted }];
  }
  if (typeof value === 'string') {
    const literal = literalText(value, at + style.step, style);
    if (literal === undefined) return ofPairAnew(text, pair, colon, ` ${scalarText(value, style, '"')}`);
    const comment = isBlockScalar(old) ? commentOfHead(text, old) : '';
    return ofPairAnew(text, pair, colon, ` ${comment ? literal.replace(/^[^\r\n]*/, (head) => head + comment) : literal}`);
  }
  if (isFlow(old) && (old as YAMLMap | YAMLSeq).items.length > 0) return [{ from: rangeOf(old!)[0], to: rangeOf(old!)[1], insert: flowText(value, style) }];
  // What follows the colon, without the key itself.
  const whole = pairText('k', value, at, style).slice(at + 2);
  return ofPairAnew(text, pair, colon, whole);
}

const isBlock = (node: Node | null | undefined) => isBlockScalar(node) || ((isMap(node) || isSeq(node)) && !node.flow);

/** The comment behind `|`. */
const commentOfHead = (text: string, node: Node): string => /[ \t]+#.*$/.exec(text.slice(rangeOf(node)[0], lineEnd(text, rangeOf(node)[0])))?.[0] ?? '';

/** All behind the colon is written anew; a comment in the line of the key stays there. */
function ofPairAnew(text: string, pair: Entry, colon: number, whole: string): Splice[] {
  const old = pair.value;
  const eol = /\r?\n/.exec(whole);
  const head = eol ? whole.slice(0, eol.index) : whole;
  const below = eol ? whole.slice(eol.index) : '';
  if (isAbsent(old)) {
    const end = lineEnd(text, colon);
    return colon === end ? [{ from: colon, to: colon, insert: whole }] : [{ from: colon, to: colon, insert: head }, { from: end, to: end, insert: below }];
  }
  const to = contentEnd(text, old!);
  const start = rangeOf(old!)[0];
  if (lineStart(text, start) > colon) {
    // The old value begins in a line of its own.
    const end = lineEnd(text, colon);
    return [{ from: colon, to: colon, insert: head }, { from: end, to, insert: below }];
  }
  const end = lineEnd(text, to);
  if (isBlockScalar(old) || end === to || below === '') return [{ from: colon, to, insert: whole }];
  return [{ from: colon, to, insert: head }, { from: end, to: end, insert: below }];
}

function ofItem({ text, style }: Work, item: Node, flow: boolean, value: Tree): Splice[] {
  const scalar = typeof value !== 'object' || value === null;
  if (isAbsent(item)) throw new Refusal('layout');
  const [from] = rangeOf(item);
  const to = contentEnd(text, item);
  if (flow || (scalar && !isBlock(item))) {
    return [{ from, to, insert: scalar ? scalarText(value, style, typeof value === 'string' ? quoteOf(item) : undefined) : flowText(value, style) }];
  }
  const dash = dashOf(text, item);
  const at = column(text, dash);
  return [{ from: dash, to, insert: itemText(value, at, style).slice(at) }];
}

/** A key that is not there yet. */
function intoMap({ text, style }: Work, map: YAMLMap, flow: boolean, key: string, value: Tree, order: readonly string[]): Splice[] {
  const items = map.items as Entry[];
  if (flow || isFlow(map)) {
    const written = flowPair(key, value, style);
    const last = items.at(-1);
    if (!last) return [{ from: rangeOf(map)[0], to: rangeOf(map)[1], insert: `{${written}}` }];
    return [afterInFlow(text, pairEnd(text, last), keyRange(last)[0], rangeOf(map)[1], written, style)];
  }
  const at = mapColumn(text, map);
  const written = pairText(key, value, at, style);
  const rank = order.indexOf(key);
  const before = rank < 0 ? [] : items.filter((pair) => order.indexOf(keyText(pair)) >= 0 && order.indexOf(keyText(pair)) < rank);
  const after = rank < 0 ? undefined : items.find((pair) => order.indexOf(keyText(pair)) > rank);
  const anchor = before.at(-1) ?? (after === items[0] ? undefined : items.at(-1));
  if (!anchor && after && firstInLine(text, keyRange(after)[0])) {
    const from = pairLines(text, after)![0];
    return [{ from, to: from, insert: written + style.eol }];
  }
  return [afterLine(text, pairEnd(text, anchor ?? items[0]!), written, style)];
}

export function afterLine(text: string, end: number, written: string, style: Style): Splice {
  const from = nextLine(text, end);
  const open = from === text.length && text[from - 1] !== '\n';
  return { from, to: from, insert: open ? style.eol + written : written + style.eol };
}

function afterInFlow(text: string, end: number, start: number, close: number, written: string, style: Style): Splice {
  const comma = /^\s*,/.exec(text.slice(end, close));
  const own = text.slice(end, close).includes('\n') && firstInLine(text, start);
  const room = own ? style.eol + ' '.repeat(column(text, start)) : ' ';
  const at = comma ? end + comma[0].length : end;
  // A comment behind the last item would swallow what is written after it.
  if (own && /#/.test(text.slice(at, lineEnd(text, at)))) throw new Refusal('layout');
  return { from: at, to: at, insert: `${comma ? '' : ','}${room}${written}${comma ? ',' : ''}` };
}

function intoSeq({ text, style }: Work, seq: YAMLSeq, flow: boolean, value: Tree): Splice[] {
  const last = seq.items.at(-1) as Node | undefined;
  if (flow || isFlow(seq)) {
    const written = flowText(value, style);
    if (!last) return [{ from: rangeOf(seq)[0], to: rangeOf(seq)[1], insert: `[${written}]` }];
    return [afterInFlow(text, contentEnd(text, last), rangeOf(last)[0], rangeOf(seq)[1], written, style)];
  }
  return [afterLine(text, contentEnd(text, seq), itemText(value, seqColumn(text, seq), style), style)];
}
