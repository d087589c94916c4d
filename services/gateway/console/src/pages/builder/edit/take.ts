/** The pieces that take a pair or an item out of the text, with the comments that are about it. */
import { isMap, isSeq, type Node, type Pair, type YAMLMap, type YAMLSeq } from 'yaml';
import { colonEnd, contentEnd, dashOf, keyRange, pairEnd, pairLines, quoteOf, withCommentsAbove } from './places';
import { Refusal } from './refusal';
import { scalarText, styleOf } from './render';
import { firstInLine, lineEnd, nextLine, type Splice } from './splice';
import { isFlow, nodeAt, ownPair, rangeOf, type Doc, type Path } from './tree';

type Entry = Pair<Node, Node | null>;

/** What stands at `path` goes. What holds it stays, as `{}` or `[]` where it was the last. */
export function take(text: string, doc: Doc, path: Path): Splice[] {
  const holder = nodeAt(doc, path.slice(0, -1));
  const step = path.at(-1)!;
  if (isMap(holder)) {
    const pair = ownPair(holder, String(step));
    if (!pair) throw new Refusal('missing', String(step));
    if (isFlow(holder) || inFlow(doc, path)) return [fromFlow(text, holder, keyRange(pair)[0], pairEnd(text, pair), holder.items.indexOf(pair))];
    if (holder.items.length === 1) return emptied(text, doc, path.slice(0, -1), holder, '{}');
    const lines = pairLines(text, pair);
    if (lines) return [{ from: lines[0], to: lines[1], insert: '' }];
    const next = holder.items[holder.items.indexOf(pair) + 1] as Entry;
    return [{ from: keyRange(pair)[0], to: keyRange(next)[0], insert: '' }];
  }
  if (isSeq(holder)) {
    const at = Number(step);
    const item = holder.items[at] as Node | undefined;
    if (!item) throw new Refusal('missing', String(step));
    if (isFlow(holder) || inFlow(doc, path)) return [fromFlow(text, holder, rangeOf(item)[0], contentEnd(text, item), at)];
    if (holder.items.length === 1) return emptied(text, doc, path.slice(0, -1), holder, '[]');
    const dash = dashOf(text, item);
    if (!firstInLine(text, dash)) throw new Refusal('layout');
    return [{ from: withCommentsAbove(text, dash), to: nextLine(text, contentEnd(text, item)), insert: '' }];
  }
  throw new Refusal(holder === undefined ? 'missing' : 'shared', String(step));
}

function inFlow(doc: Doc, path: Path): boolean {
  return path.some((_, at) => isFlow(nodeAt(doc, path.slice(0, at))));
}

function fromFlow(text: string, holder: YAMLMap | YAMLSeq, from: number, end: number, at: number): Splice {
  const startOf = (item: unknown) => (isMap(holder) ? keyRange(item as Entry)[0] : rangeOf(item as Node)[0]);
  const endOf = (item: unknown) => (isMap(holder) ? pairEnd(text, item as Entry) : contentEnd(text, item as Node));
  const [before, next] = [holder.items[at - 1], holder.items[at + 1]];
  if (next) return { from, to: startOf(next), insert: '' };
  if (before) return { from: endOf(before), to: end, insert: '' };
  const [open, close] = rangeOf(holder);
  return { from: open + 1, to: close - 1, insert: '' };
}

/** The last of a map or list in block layout goes: what is left is written as empty. */
function emptied(text: string, doc: Doc, path: Path, holder: YAMLMap | YAMLSeq, empty: string): Splice[] {
  if (path.length === 0) throw new Refusal('layout');
  const above = nodeAt(doc, path.slice(0, -1));
  const end = contentEnd(text, holder);
  if (isMap(above)) {
    const colon = colonEnd(text, ownPair(above, String(path.at(-1)))!);
    const line = lineEnd(text, colon);
    // A comment in the line of the key stays; the value may begin in that line (an anchor), which is not ours to move.
    if (rangeOf(holder)[0] < line) throw new Refusal('shared');
    return [{ from: colon, to: colon, insert: ` ${empty}` }, { from: line, to: lineEnd(text, end), insert: '' }];
  }
  return [{ from: rangeOf(holder)[0], to: end, insert: empty }];
}

/** Another name for a key. */
export function rekey(text: string, doc: Doc, path: Path, name: string): Splice[] {
  const holder = nodeAt(doc, path.slice(0, -1));
  if (!isMap(holder)) throw new Refusal(holder === undefined ? 'missing' : 'shared');
  const pair = ownPair(holder, String(path.at(-1)));
  if (!pair) throw new Refusal('missing', String(path.at(-1)));
  const [from, to] = keyRange(pair);
  return [{ from, to, insert: scalarText(name, styleOf(text, doc), quoteOf(pair.key)) }];
}
