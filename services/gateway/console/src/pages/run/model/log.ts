/**
 * The text of a log that comes in pieces of bytes: cut into lines, with the style that each begins with, and where a
 * text is found in it. Pure.
 */
import { ansi, plain, type Style } from './ansi';

export interface LogText {
  lines: string[];
  /** The style at the beginning of each line. */
  styles: Style[];
  /** The line that has no end yet. */
  rest: string;
  /** The style after the last whole line. */
  style: Style;
  /** Lines that were let go because there were too many. */
  gone: number;
}

/** Lines that are kept; of more, the last ones. */
export const LINES_MAX = 200_000;
/** Characters of a line that are shown. */
export const LINE_MAX = 4_000;

export const EMPTY: LogText = { lines: [], styles: [], rest: '', style: {}, gone: 0 };

export function appended(log: LogText, piece: string, most = LINES_MAX): LogText {
  if (piece === '') return log;
  const parts = (log.rest + piece).split('\n');
  const rest = parts.pop()!;
  let { style } = log;
  const styles = parts.map((line) => {
    const before = style;
    style = line.includes('\u001b') ? ansi(line, before).style : before;
    return before;
  });
  let lines = log.lines.concat(parts);
  let all = log.styles.concat(styles);
  const over = Math.max(0, lines.length - most);
  if (over > 0) {
    lines = lines.slice(over);
    all = all.slice(over);
  }
  // A line without an end must not grow for ever.
  return { lines, styles: all, rest: rest.length > 1_000_000 ? rest.slice(-LINE_MAX) : rest, style, gone: log.gone + over };
}

/** All lines, the open one among them. */
export function linesOf(log: LogText): { lines: string[]; styles: Style[] } {
  return log.rest === '' ? log : { lines: [...log.lines, log.rest], styles: [...log.styles, log.style] };
}

/** The numbers of the lines in which a text stands, whatever the case of its letters. */
export function hits(lines: readonly string[], sought: string): number[] {
  const text = sought.toLowerCase();
  if (text === '') return [];
  const found: number[] = [];
  lines.forEach((line, at) => {
    if (plain(line).toLowerCase().includes(text)) found.push(at);
  });
  return found;
}

/** A piece of a line cut where a text is found: what is found stands at odd places. */
export function cut(text: string, sought: string): string[] {
  if (sought === '') return [text];
  const [lower, wanted] = [text.toLowerCase(), sought.toLowerCase()];
  // Letters whose lower case is longer would move all places after them.
  if (lower.length !== text.length) return [text];
  const out: string[] = [];
  let at = 0;
  for (let found = lower.indexOf(wanted); found >= 0; found = lower.indexOf(wanted, at)) {
    out.push(text.slice(at, found), text.slice(found, found + wanted.length));
    at = found + wanted.length;
  }
  out.push(text.slice(at));
  return out;
}
