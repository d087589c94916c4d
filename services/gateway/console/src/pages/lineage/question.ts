/** What a lineage page shows, as the URL says it. Pure. */
export const MODES = ['lineage', 'impact', 'path', 'runs'] as const;
export type Mode = (typeof MODES)[number];

export interface Question {
  mode: Mode;
  asset: string;
  up: number;
  down: number;
  /** Tables or columns. */
  columns: boolean;
  column: string;
  /** An instant; empty = now. */
  at: string;
  /** Nodes at which somebody asked for more. */
  opened: string[];
  /** Of the path: where it leads. */
  to: string;
  before: string;
  after: string;
  /** The node whose details are shown. */
  node: string;
}

export const DEPTHS = [0, 1, 2, 3, 5, 10, 100];
export const USUAL = 3;

function depth(text: string | null): number {
  const number = Number(text ?? USUAL);
  return DEPTHS.includes(number) && text !== '' ? number : USUAL;
}

export function readQuestion(query: URLSearchParams): Question {
  const of = (name: string) => query.get(name) ?? '';
  const at = Date.parse(of('at'));
  return {
    mode: MODES.find((one) => one === of('mode')) ?? 'lineage', asset: of('asset'), up: depth(query.get('up')), down: depth(query.get('down')),
    columns: of('level') === 'columns' || of('column') !== '', column: of('column'), at: Number.isNaN(at) ? '' : new Date(at).toISOString(), opened: query.getAll('open'),
    to: of('to'), before: of('before'), after: of('after'), node: of('node'),
  };
}

/** The wall clock in a zone (`2026-03-01T12:30`) as an instant; undefined where it is none. */
export function instantOf(wall: string, zone: string): string | undefined {
  const asUtc = Date.parse(`${wall}Z`);
  if (Number.isNaN(asUtc)) return undefined;
  // Twice, because the offset is that of the instant which is sought.
  let at = asUtc;
  for (let round = 0; round < 2; round++) at = asUtc - (Date.parse(`${wallOf(new Date(at).toISOString(), zone)}Z`) - at);
  return new Date(at).toISOString();
}

/** An instant as the wall clock in a zone shows it, to the minute. */
export function wallOf(instant: string, zone: string): string {
  const parts = Object.fromEntries(
    new Intl.DateTimeFormat('en-CA', { timeZone: zone, year: 'numeric', month: '2-digit', day: '2-digit', hour: '2-digit', minute: '2-digit', hourCycle: 'h23' })
      .formatToParts(new Date(instant))
      .map((part) => [part.type, part.value]),
  );
  return `${parts.year}-${parts.month}-${parts.day}T${parts.hour}:${parts.minute}`;
}
