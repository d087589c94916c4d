/**
 * What became of the lines of a text: kept, taken, added. The shortest way from one text to the other (Myers 1986), up
 * to a limit beyond which nobody reads it anyway: then all that differs is said as taken and added. Pure.
 */
export interface Line {
  kind: 'same' | 'gone' | 'new';
  text: string;
  /** Numbers from 1 on, where the line stands in the text before and after. */
  before?: number;
  after?: number;
}

/** Steps of a way; with more, the texts have little in common. */
const MOST_STEPS = 2_000;

export const linesOf = (text: string): string[] => {
  const lines = text.split('\n');
  if (lines.at(-1) === '') lines.pop();
  return lines;
};

/** Which lines of `a` stay, as pairs of places in `a` and `b`, in order. */
export function matches(a: readonly string[], b: readonly string[]): [number, number][] {
  const most = Math.min(a.length, b.length);
  let head = 0;
  while (head < most && a[head] === b[head]) head++;
  let tail = 0;
  while (tail < most - head && a[a.length - 1 - tail] === b[b.length - 1 - tail]) tail++;
  const pairs: [number, number][] = Array.from({ length: head }, (_, at) => [at, at]);
  pairs.push(...between(a.slice(head, a.length - tail), b.slice(head, b.length - tail)).map(([x, y]): [number, number] => [x + head, y + head]));
  for (let at = tail; at > 0; at--) pairs.push([a.length - at, b.length - at]);
  return pairs;
}

function between(a: readonly string[], b: readonly string[]): [number, number][] {
  const [n, m] = [a.length, b.length];
  if (n === 0 || m === 0) return [];
  const limit = Math.min(n + m, MOST_STEPS);
  const middle = limit + 1;
  const far = new Int32Array(2 * limit + 3);
  const trace: Int32Array[] = [];
  for (let steps = 0; steps <= limit; steps++) {
    trace.push(far.slice(middle - steps - 1, middle + steps + 2));
    for (let k = -steps; k <= steps; k += 2) {
      const down = k === -steps || (k !== steps && far[middle + k - 1]! < far[middle + k + 1]!);
      let x = down ? far[middle + k + 1]! : far[middle + k - 1]! + 1;
      let y = x - k;
      while (x < n && y < m && a[x] === b[y]) {
        x++;
        y++;
      }
      far[middle + k] = x;
      if (x >= n && y >= m) return back(trace, n, m);
    }
  }
  return [];
}

function back(trace: Int32Array[], n: number, m: number): [number, number][] {
  const pairs: [number, number][] = [];
  let [x, y] = [n, m];
  for (let steps = trace.length - 1; steps > 0; steps--) {
    // The row holds k from -steps-1 to steps+1.
    const at = (k: number) => trace[steps]![k + steps + 1]!;
    const k = x - y;
    const down = k === -steps || (k !== steps && at(k - 1) < at(k + 1));
    const from = down ? k + 1 : k - 1;
    const [fromX, fromY] = [at(from), at(from) - from];
    while (x > (down ? fromX : fromX + 1) && y > (down ? fromY + 1 : fromY)) pairs.push([--x, --y]);
    [x, y] = [fromX, fromY];
  }
  while (x > 0 && y > 0) pairs.push([--x, --y]);
  return pairs.reverse();
}

export function diffLines(before: string, after: string): Line[] {
  const [a, b] = [linesOf(before), linesOf(after)];
  const out: Line[] = [];
  let [x, y] = [0, 0];
  const upTo = (toX: number, toY: number) => {
    for (; x < toX; x++) out.push({ kind: 'gone', text: a[x]!, before: x + 1 });
    for (; y < toY; y++) out.push({ kind: 'new', text: b[y]!, after: y + 1 });
  };
  for (const [atX, atY] of matches(a, b)) {
    upTo(atX, atY);
    out.push({ kind: 'same', text: a[atX]!, before: atX + 1, after: atY + 1 });
    x = atX + 1;
    y = atY + 1;
  }
  upTo(a.length, b.length);
  return out;
}

export const counts = (lines: Line[]): { gone: number; added: number } => ({
  gone: lines.filter((line) => line.kind === 'gone').length,
  added: lines.filter((line) => line.kind === 'new').length,
});

export type Part = { lines: Line[] } | { hidden: Line[] };

/** The changes with `around` lines on both sides; what lies between is hidden. */
export function parts(lines: Line[], around = 3): Part[] {
  const near = new Uint8Array(lines.length);
  lines.forEach((line, at) => {
    if (line.kind === 'same') return;
    for (let one = Math.max(0, at - around); one <= Math.min(lines.length - 1, at + around); one++) near[one] = 1;
  });
  const out: Part[] = [];
  for (let at = 0; at < lines.length; ) {
    let end = at;
    while (end < lines.length && near[end] === near[at]) end++;
    // One hidden line needs as much room as the line that says so.
    const run = lines.slice(at, end);
    out.push(near[at] || run.length === 1 ? { lines: run } : { hidden: run });
    at = end;
  }
  return out;
}

/** Rows of both texts beside each other: what is taken stands beside what is added for it. */
export function rowsOf(lines: Line[]): { left?: Line; right?: Line }[] {
  const rows: { left?: Line; right?: Line }[] = [];
  for (let at = 0; at < lines.length; ) {
    if (lines[at]!.kind === 'same') {
      rows.push({ left: lines[at], right: lines[at] });
      at++;
      continue;
    }
    const gone: Line[] = [];
    const added: Line[] = [];
    for (; at < lines.length && lines[at]!.kind !== 'same'; at++) (lines[at]!.kind === 'gone' ? gone : added).push(lines[at]!);
    for (let row = 0; row < Math.max(gone.length, added.length); row++) rows.push({ left: gone[row], right: added[row] });
  }
  return rows;
}
