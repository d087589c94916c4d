/** Pieces of a text that are replaced by others. All that no piece covers stays as it is, byte for byte. */
export interface Splice {
  from: number;
  to: number;
  insert: string;
}

export function spliced(text: string, splices: Splice[]): string {
  const sorted = [...splices].sort((a, b) => a.from - b.from || a.to - b.to);
  let out = '';
  let at = 0;
  for (const { from, to, insert } of sorted) {
    if (from < at) throw new Error('pieces overlap');
    out += text.slice(at, from) + insert;
    at = to;
  }
  return out + text.slice(at);
}

/** The one piece that makes `next` of `text`: what both begin and end with is left out. */
export function difference(text: string, next: string): Splice | undefined {
  if (text === next) return undefined;
  const most = Math.min(text.length, next.length);
  let from = 0;
  while (from < most && text.charCodeAt(from) === next.charCodeAt(from)) from++;
  let end = 0;
  while (end < most - from && text.charCodeAt(text.length - 1 - end) === next.charCodeAt(next.length - 1 - end)) end++;
  return { from, to: text.length - end, insert: next.slice(from, next.length - end) };
}

/** How lines end in this text. */
export const eolOf = (text: string): string => (/\r\n/.test(text) ? '\r\n' : '\n');

export const lineStart = (text: string, at: number): number => text.lastIndexOf('\n', at - 1) + 1;

/** Where the line of `at` ends: before its line break. */
export function lineEnd(text: string, at: number): number {
  const next = text.indexOf('\n', at);
  if (next < 0) return text.length;
  return next > at && text[next - 1] === '\r' ? next - 1 : next;
}

/** Where the line after that of `at` begins. */
export function nextLine(text: string, at: number): number {
  const next = text.indexOf('\n', at);
  return next < 0 ? text.length : next + 1;
}

/** Characters before `at` in its line. */
export const column = (text: string, at: number): number => at - lineStart(text, at);

/** Whether nothing but room stands before `at` in its line. */
export const firstInLine = (text: string, at: number): boolean => /^[ \t]*$/.test(text.slice(lineStart(text, at), at));
