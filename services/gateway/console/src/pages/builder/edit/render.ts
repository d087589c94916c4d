/** Writes new values as this text writes its own: its indentation, its line ends, and quotes only where they are needed. */
import { Document, isCollection, isMap, isScalar, isSeq, visit } from 'yaml';
import { eolOf } from './splice';
import type { Doc, Tree } from './tree';

export interface Style {
  /** Spaces by which a map inside a map is moved. */
  step: number;
  /** Whether lists below a key are moved as well. */
  indentSeq: boolean;
  eol: string;
}

/** Lists of words up to this many characters stand in one line. */
const ONE_LINE = 72;

export function styleOf(text: string, doc: Doc): Style {
  let step: number | undefined;
  let indentSeq: boolean | undefined;
  visit(doc, {
    Pair(_, pair) {
      const [key, value] = [pair.key, pair.value];
      if (!isScalar(key) || !key.range || !isCollection(value) || value.flow || !value.range) return;
      const start = text.lastIndexOf('\n', key.range[0] - 1) + 1;
      const first = value.range[0];
      const below = text.lastIndexOf('\n', first - 1) + 1;
      if (below <= start) return;
      const moved = first - below - (key.range[0] - start);
      if (isMap(value) && moved > 0) step ??= moved;
      if (isSeq(value)) indentSeq ??= moved > 0;
    },
  });
  return { step: Math.min(8, step ?? 2), indentSeq: indentSeq ?? true, eol: eolOf(text) };
}

function documentOf(value: unknown): Document {
  const doc = new Document(value, { version: '1.1', aliasDuplicateObjects: false });
  visit(doc, {
    Seq(_, node) {
      const words = node.items.every((item) => isScalar(item) && !String(item.value).includes('\n'));
      const width = node.items.reduce<number>((sum, item) => sum + String((item as { value?: unknown }).value).length + 2, 0);
      if (node.items.length > 0 && words && width <= ONE_LINE) node.flow = true;
    },
  });
  return doc;
}

const write = (value: unknown, style: Style, flow: boolean): string =>
  documentOf(value)
    .toString({
      directives: false,
      lineWidth: 0,
      singleQuote: true,
      indent: style.step,
      indentSeq: style.indentSeq,
      flowCollectionPadding: false,
      blockQuote: flow ? false : 'literal',
      collectionStyle: flow ? 'flow' : 'any',
    })
    .replace(/\n$/, '');

/** Moved to the right by `by` spaces; empty lines stay empty. */
export const indented = (text: string, by: number): string => text.replace(/^(?=[^\n\r])/gm, ' '.repeat(by));

/** `key: value` in lines that begin at column `at`; the first one too. */
export function pairText(key: string, value: Tree, at: number, style: Style): string {
  return indented(write({ [key]: value }, style, false), at).replaceAll('\n', style.eol);
}

/** `- value` in lines that begin at column `at`. */
export function itemText(value: Tree, at: number, style: Style): string {
  const text = isWord(value) ? `- ${flowText(value, style)}` : write([value], style, false);
  return indented(text, at).replaceAll('\n', style.eol);
}

const isWord = (value: Tree) => typeof value !== 'object' && !String(value).includes('\n');

/** In one line, for what stands between braces. */
export const flowText = (value: Tree, style: Style): string => write([value], style, true).replace(/^\[\s*|\s*\]$/g, '');

export const flowPair = (key: string, value: Tree, style: Style): string => write({ [key]: value }, style, true).replace(/^\{\s*|\s*\}$/g, '');

/** A scalar in one line; text of several lines is quoted. `quote` keeps the quotes that stood there. */
export function scalarText(value: string | number | boolean | null, style: Style, quote?: "'" | '"'): string {
  if (typeof value === 'string' && quote === "'" && !/[\n\r\t]/.test(value)) return `'${value.replaceAll("'", "''")}'`;
  if (typeof value === 'string' && quote === '"') return JSON.stringify(value);
  return write(value, style, false).includes('\n') ? JSON.stringify(value) : write(value, style, false);
}

/** A text of several lines after `key:`, from its `|` on; its lines begin at column `at`. */
export function literalText(value: string, at: number, style: Style): string | undefined {
  const text = write({ k: value }, { ...style, step: 2 }, false);
  if (!/^k: [|]/.test(text)) return undefined;
  const [head, ...lines] = text.slice(3).split('\n');
  return [head, ...lines.map((line) => (line === '' ? '' : ' '.repeat(at) + line.slice(2)))].join(style.eol);
}
