/**
 * Where a place of a text stands in the document, by its lines and their indentation alone: while somebody types, the
 * text is no YAML most of the time. Lists and maps in braces are known inside their own line.
 */
export interface Cursor {
  /** Keys, and `[]` for lists, down to the map or list in which the cursor stands. */
  path: string[];
  /** The key whose value is being written; undefined = a key is. */
  key?: string;
  /** What is written of the word so far, and where it begins. */
  word: string;
  from: number;
  /** The keys of the map that stand there already. */
  siblings: string[];
  /** Inside `${{ }}`: what stands before the cursor in it. */
  expression?: string;
}

interface Line {
  indent: number;
  /** Columns of dashes before the content. */
  dashes: number[];
  key?: string;
  value: string;
  block: boolean;
}

const KEY = /^((?:"(?:[^"\\]|\\.)*"|'(?:[^']|'')*'|[^\s#"'{}[\],&*!|>%@`-][^#:]*|-[^\s#:][^#:]*))\s*:(?=\s|$)\s*(.*)$/;
const unquoted = (key: string) => (/^(['"]).*\1$/.test(key) ? key.slice(1, -1) : key.trim());

function lineOf(text: string): Line | undefined {
  const dashes: number[] = [];
  let at = /^ */.exec(text)![0].length;
  for (let dash = /^-( +|$)/.exec(text.slice(at)); dash; dash = /^-( +|$)/.exec(text.slice(at))) {
    dashes.push(at);
    at += dash[0].length;
  }
  const content = text.slice(at);
  if (content === '' && dashes.length === 0) return undefined;
  if (content.startsWith('#')) return undefined;
  const found = KEY.exec(content);
  const value = found ? found[2]! : content;
  return { indent: at, dashes, key: found ? unquoted(found[1]!) : undefined, value, block: /^[|>][0-9+-]*(\s+#.*)?$/.test(value.trim()) };
}

/** The lines above that hold what stands at `indent`, the nearest first, and those beside it. */
function above(lines: string[], at: number, indent: number, inItem: boolean): { path: string[]; siblings: string[]; inBlock: boolean } {
  const path: string[] = [];
  const siblings: string[] = [];
  let column = indent;
  let beside = true;
  let item = inItem;
  let inBlock = false;
  for (let row = at - 1; row >= 0 && (column > 0 || beside); row--) {
    const line = lineOf(lines[row]!);
    if (!line) continue;
    const own = line.dashes.length > 0 ? line.dashes[0]! : line.indent;
    if (line.key !== undefined && line.indent === column && beside && !item) siblings.push(line.key);
    if (line.dashes.length > 0 && line.indent === column && own < column && !item) {
      // Beside the first key of an item.
      path.push('[]');
      column = own;
      item = true;
      beside = false;
      continue;
    }
    if (line.indent < column || (item && line.indent <= column && line.dashes.length === 0)) {
      if (line.key === undefined) continue;
      if (line.block) inBlock = true;
      path.push(line.key);
      column = line.dashes.length > 0 ? line.indent : line.indent;
      beside = false;
      item = false;
      if (line.dashes.length > 0) {
        path.push('[]');
        column = own;
        item = true;
      }
    }
  }
  if (item && column === 0 && path.at(-1) === '[]') {
    for (let row = at - 1; row >= 0; row--) {
      const line = lineOf(lines[row]!);
      if (line && line.dashes.length === 0 && line.indent === 0 && line.key !== undefined) {
        path.push(line.key);
        break;
      }
    }
  }
  return { path: path.reverse(), siblings, inBlock };
}

function below(lines: string[], at: number, indent: number): string[] {
  const out: string[] = [];
  for (let row = at + 1; row < lines.length; row++) {
    const line = lineOf(lines[row]!);
    if (!line) continue;
    const own = line.dashes[0] ?? line.indent;
    if (own < indent) break;
    if (line.dashes.length === 0 && line.indent === indent && line.key !== undefined) out.push(line.key);
  }
  return out;
}

export function cursorAt(text: string, at: number): Cursor | undefined {
  const start = text.lastIndexOf('\n', at - 1) + 1;
  const lines = text.split('\n').map((line) => line.replace(/\r$/, ''));
  const row = text.slice(0, start).split('\n').length - 1;
  const before = text.slice(start, at);
  const open = before.lastIndexOf('${{');
  const line = lineOf(before.trim() === '' ? `${before}.` : before);
  if (!line) return undefined;
  const item = line.dashes.length > 0;
  const indent = line.indent;
  const held = above(lines, row, item ? line.dashes[0]! : indent, item);
  const path = item ? [...held.path, ...line.dashes.map(() => '[]')] : held.path;
  const siblings = item ? below(lines, row, indent) : [...held.siblings, ...below(lines, row, indent)];
  if (open >= 0 && !before.slice(open).includes('}}')) {
    const expression = before.slice(open + 3);
    const word = /[\w'"[\].]*$/.exec(expression)![0];
    return { path, key: line.key, word, from: at - word.length, siblings, expression };
  }
  if (held.inBlock) return undefined;
  const value = before.trim() === '' ? '' : line.value;
  if (line.key === undefined) return { path, word: value, from: at - value.length, siblings };
  if (line.key === 'condition' && !value.includes('${{')) {
    const word = /[\w'"[\].]*$/.exec(value)![0];
    return { path, key: line.key, word, from: at - word.length, siblings, expression: value };
  }
  // A list in one line: the word after the last comma.
  const flow = /^\[(?:[^\]]*,)?\s*([^\],]*)$/.exec(value);
  if (flow) return { path: [...path, line.key, '[]'], word: flow[1]!, from: at - flow[1]!.length, siblings: value.slice(1).split(',').map((one) => one.trim()) };
  return { path, key: line.key, word: value.replace(/^['"]/, ''), from: at - value.replace(/^['"]/, '').length, siblings };
}
