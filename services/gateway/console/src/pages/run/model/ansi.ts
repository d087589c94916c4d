/**
 * Text of terminals as pieces with styles: colours and weights of SGR sequences; every other sequence is taken out. The
 * pieces become parts of the page as text, so nothing in a log is ever read as HTML. Pure.
 */
export interface Piece {
  text: string;
  /** 0 to 15: the colours of terminals; undefined = that of the text. */
  colour?: number;
  back?: number;
  bold?: boolean;
  dim?: boolean;
  italic?: boolean;
  underline?: boolean;
}
export type Style = Omit<Piece, 'text'>;

const SEQUENCE = /\u001b(?:\[([0-?]*)[ -/]*([@-~])|\][^\u0007\u001b]*(?:\u0007|\u001b\\)?|[@-Z\\-_])/g;
const UNSEEN = /[\u0000-\u0008\u000b-\u001f\u007f-\u009f]/g;

/** The nearest of the sixteen colours to one of the 256. */
function nearest(colour: number): number | undefined {
  if (colour < 16) return colour;
  if (colour >= 232) return colour < 244 ? 8 : 7;
  const cube = colour - 16;
  const parts = [Math.floor(cube / 36), Math.floor(cube / 6) % 6, cube % 6].map((part) => part > 2);
  const bright = Math.max(Math.floor(cube / 36), Math.floor(cube / 6) % 6, cube % 6) > 3 ? 8 : 0;
  return (parts[0] ? 1 : 0) + (parts[1] ? 2 : 0) + (parts[2] ? 4 : 0) + bright;
}

function applied(style: Style, codes: number[]): Style {
  let next: Style = { ...style };
  for (let at = 0; at < codes.length; at++) {
    const code = codes[at]!;
    if (code === 0) next = {};
    else if (code === 1) next.bold = true;
    else if (code === 2) next.dim = true;
    else if (code === 3) next.italic = true;
    else if (code === 4) next.underline = true;
    else if (code === 22) next.bold = next.dim = undefined;
    else if (code === 23) next.italic = undefined;
    else if (code === 24) next.underline = undefined;
    else if (code >= 30 && code <= 37) next.colour = code - 30;
    else if (code >= 90 && code <= 97) next.colour = code - 82;
    else if (code === 39) next.colour = undefined;
    else if (code >= 40 && code <= 47) next.back = code - 40;
    else if (code >= 100 && code <= 107) next.back = code - 92;
    else if (code === 49) next.back = undefined;
    else if (code === 38 || code === 48) {
      const of = codes[at + 1] === 5 ? nearest(codes[at + 2] ?? 0) : undefined;
      if (code === 38) next.colour = of;
      else next.back = of;
      at += codes[at + 1] === 5 ? 2 : codes[at + 1] === 2 ? 4 : 0;
    }
  }
  return next;
}

/** A line in pieces, beginning with the style that the line before left, and the style that it leaves. */
export function ansi(line: string, style: Style = {}): { pieces: Piece[]; style: Style } {
  const pieces: Piece[] = [];
  // A bar of progress writes its line again and again: the last writing is what a terminal shows.
  const shown = line.slice(line.lastIndexOf('\r', line.length - 2) + 1);
  let now = style;
  let at = 0;
  const add = (text: string) => {
    const clean = text.replace(UNSEEN, '');
    if (clean !== '') pieces.push({ text: clean, ...now });
  };
  for (const found of shown.matchAll(SEQUENCE)) {
    add(shown.slice(at, found.index));
    at = found.index + found[0].length;
    if (found[2] === 'm') now = applied(now, (found[1] ?? '').split(/[;:]/).map((code) => Number(code) || 0));
  }
  add(shown.slice(at));
  return { pieces, style: now };
}

/** The text of a line without its sequences: what is searched, and copied. */
export const plain = (line: string): string => line.slice(line.lastIndexOf('\r', line.length - 2) + 1).replace(SEQUENCE, '').replace(UNSEEN, '');
