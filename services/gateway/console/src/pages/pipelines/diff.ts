/**
 * What differs between two texts, line by line (Myers, "An O(ND) Difference Algorithm and Its Variations", 1986), and
 * how it is shown: with a few lines around each change. Knows nothing about what the lines mean.
 */
export type Line = { kind: 'same' | 'gone' | 'new'; text: string; before?: number; after?: number };
/** A change with what stands around it, or how many lines are left out. */
export type Hunk = { lines: Line[] } | { skipped: number };

/** Above so many differences the middle is told as one change: two texts of which little is the same need no more. */
const MOST = 2_000;

/** Pairs of lines that stay, by their places. */
function same(a: string[], b: string[]): [number, number][] {
  const most = Math.min(a.length + b.length, MOST);
  const trace: Int32Array[] = [];
  const v = new Int32Array(2 * most + 2);
  for (let d = 0; d <= most; d++) {
    trace.push(v.slice());
    for (let k = -d; k <= d; k += 2) {
      const down = k === -d || (k !== d && v[most + k - 1]! < v[most + k + 1]!);
      let x = down ? v[most + k + 1]! : v[most + k - 1]! + 1;
      while (x < a.length && x - k < b.length && a[x] === b[x - k]) x++;
      v[most + k] = x;
      if (x >= a.length && x - k >= b.length) return back(trace, d, a.length, b.length, most);
    }
  }
  return [];
}

function back(trace: Int32Array[], from: number, x: number, y: number, most: number): [number, number][] {
  const pairs: [number, number][] = [];
  for (let d = from; d >= 0; d--) {
    const v = trace[d]!;
    const k = x - y;
    const down = k === -d || (k !== d && v[most + k - 1]! < v[most + k + 1]!);
    const before = down ? k + 1 : k - 1;
    const startX = d === 0 ? 0 : v[most + before]!;
    const startY = startX - before;
    while (x > startX && y > startY && x > 0 && y > 0) {
      if (d > 0 && (down ? y === startY + 1 && x === startX : x === startX + 1 && y === startY)) break;
      x--;
      y--;
      pairs.push([x, y]);
    }
    x = startX;
    y = startY;
  }
  return pairs.reverse();
}

export function diffLines(before: string, after: string): Line[] {
  const [a, b] = [before.split('\n'), after.split('\n')];
  // What is the same at both ends needs no search.
  let head = 0;
  while (head < a.length && head < b.length && a[head] === b[head]) head++;
  let tail = 0;
  while (tail < a.length - head && tail < b.length - head && a[a.length - 1 - tail] === b[b.length - 1 - tail]) tail++;
  const middle = same(a.slice(head, a.length - tail), b.slice(head, b.length - tail)).map(([x, y]): [number, number] => [x + head, y + head]);
  const pairs: [number, number][] = [
    ...Array.from({ length: head }, (_, at): [number, number] => [at, at]),
    ...middle,
    ...Array.from({ length: tail }, (_, at): [number, number] => [a.length - tail + at, b.length - tail + at]),
  ];
  const out: Line[] = [];
  let [x, y] = [0, 0];
  for (const [sameX, sameY] of [...pairs, [a.length, b.length] as [number, number]]) {
    while (x < sameX) out.push({ kind: 'gone', text: a[x]!, before: ++x });
    while (y < sameY) out.push({ kind: 'new', text: b[y]!, after: ++y });
    if (x < a.length && y < b.length) out.push({ kind: 'same', text: a[x]!, before: ++x, after: ++y });
  }
  return out;
}

/** Changes with `around` lines before and after them. */
export function hunks(lines: Line[], around = 3): Hunk[] {
  const near = lines.map(() => false);
  lines.forEach((line, at) => {
    if (line.kind === 'same') return;
    for (let i = Math.max(0, at - around); i <= Math.min(lines.length - 1, at + around); i++) near[i] = true;
  });
  const out: Hunk[] = [];
  for (let at = 0; at < lines.length; ) {
    let end = at;
    while (end < lines.length && near[end] === near[at]) end++;
    out.push(near[at] ? { lines: lines.slice(at, end) } : { skipped: end - at });
    at = end;
  }
  return out;
}

export interface Pair {
  left?: Line;
  right?: Line;
}

/** Lines beside each other: what is gone next to what is new in its place. */
export function sideBySide(lines: Line[]): Pair[] {
  const out: Pair[] = [];
  for (let at = 0; at < lines.length; ) {
    if (lines[at]!.kind === 'same') {
      out.push({ left: lines[at], right: lines[at] });
      at++;
      continue;
    }
    const gone: Line[] = [];
    const added: Line[] = [];
    while (at < lines.length && lines[at]!.kind !== 'same') {
      (lines[at]!.kind === 'gone' ? gone : added).push(lines[at]!);
      at++;
    }
    for (let i = 0; i < Math.max(gone.length, added.length); i++) out.push({ left: gone[i], right: added[i] });
  }
  return out;
}

export const counts = (lines: Line[]): { gone: number; added: number } => ({
  gone: lines.filter((line) => line.kind === 'gone').length,
  added: lines.filter((line) => line.kind === 'new').length,
});
