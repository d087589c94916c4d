/**
 * Two texts that were both made of a third become one: what only one of them changed is taken, what both changed in
 * different ways is a conflict that somebody has to decide. Pure.
 */
import { linesOf, matches } from './lines';

export type Piece = { kind: 'agreed'; lines: string[] } | Conflict;
export interface Conflict {
  kind: 'conflict';
  base: string[];
  mine: string[];
  theirs: string[];
}
export type Side = 'mine' | 'theirs' | 'both';

const same = (a: readonly string[], b: readonly string[]) => a.length === b.length && a.every((line, at) => line === b[at]);

export function merge(baseText: string, mineText: string, theirsText: string): Piece[] {
  const [base, mine, theirs] = [linesOf(baseText), linesOf(mineText), linesOf(theirsText)];
  const [inMine, inTheirs] = [new Map(matches(base, mine)), new Map(matches(base, theirs))];
  const pieces: Piece[] = [];
  const agree = (lines: string[]) => {
    const last = pieces.at(-1);
    if (lines.length === 0) return;
    if (last?.kind === 'agreed') last.lines.push(...lines);
    else pieces.push({ kind: 'agreed', lines: [...lines] });
  };
  const apart = (b: string[], m: string[], t: string[]) => {
    if (same(m, t) || same(b, t)) agree(m);
    else if (same(b, m)) agree(t);
    else pieces.push({ kind: 'conflict', base: b, mine: m, theirs: t });
  };
  let [b, m, t] = [0, 0, 0];
  for (let at = 0; at < base.length; at++) {
    const [toM, toT] = [inMine.get(at), inTheirs.get(at)];
    if (toM === undefined || toT === undefined) continue;
    apart(base.slice(b, at), mine.slice(m, toM), theirs.slice(t, toT));
    agree([base[at]!]);
    [b, m, t] = [at + 1, toM + 1, toT + 1];
  }
  apart(base.slice(b), mine.slice(m), theirs.slice(t));
  return pieces;
}

export const conflicts = (pieces: Piece[]): Conflict[] => pieces.filter((piece): piece is Conflict => piece.kind === 'conflict');

/** The text that the pieces make; `choices` decide the conflicts in their order. */
export function joined(pieces: Piece[], choices: readonly Side[]): string {
  let at = 0;
  const lines = pieces.flatMap((piece) => {
    if (piece.kind === 'agreed') return piece.lines;
    const choice = choices[at++];
    if (choice === 'both') return [...piece.theirs, ...piece.mine];
    return choice === 'mine' ? piece.mine : piece.theirs;
  });
  return lines.length === 0 ? '' : `${lines.join('\n')}\n`;
}
