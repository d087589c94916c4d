/** What the server says, at its places in the text: lines and columns in characters become offsets. */
import type { Diagnostic } from '../../../api/source';

export interface Placed {
  from: number;
  to: number;
  of: Diagnostic;
  /** The one word that the help says to write instead. */
  fix?: { from: number; to: number; insert: string };
}

/** Offsets of the beginnings of lines. */
function beginnings(text: string): number[] {
  const out = [0];
  for (let at = text.indexOf('\n'); at >= 0; at = text.indexOf('\n', at + 1)) out.push(at + 1);
  return out;
}

/** Columns count characters (code points), offsets count UTF-16. */
function offset(text: string, lines: number[], line: number, column: number): number {
  const from = lines[Math.min(line, lines.length) - 1] ?? text.length;
  let at = from;
  for (let count = 1; count < column && at < text.length && text[at] !== '\n'; count++) at += text.codePointAt(at)! > 0xffff ? 2 : 1;
  return at;
}

/** `did you mean `x`?`, `write `x``: exactly one word in quotes; two words leave the choice to the reader. */
export function suggested(help: string | null): string | undefined {
  if (!help) return undefined;
  const words = [...help.matchAll(/`([^`\n]+)`/g)].map((found) => found[1]!);
  return words.length === 1 && /\b(mean|write|use|instead)\b/i.test(help) ? words[0] : undefined;
}

export function placed(text: string, diagnostics: readonly Diagnostic[]): Placed[] {
  const lines = beginnings(text);
  return diagnostics.map((of) => {
    const from = offset(text, lines, of.line, of.column);
    const to = Math.max(from, offset(text, lines, of.endLine, of.endColumn));
    const insert = suggested(of.help);
    // What is replaced is a word: a place that covers more is left to the reader.
    const fixes = insert !== undefined && to > from && !text.slice(from, to).includes('\n');
    return { from, to, of, fix: fixes ? { from, to, insert: requoted(text.slice(from, to), insert) } : undefined };
  });
}

/** The quotes that stood there stay. */
function requoted(old: string, word: string): string {
  const quote = /^(['"]).*\1$/.exec(old)?.[1];
  return quote ? `${quote}${word}${quote}` : word;
}
