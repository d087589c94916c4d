/**
 * Days and hours of a calendar in a time zone, and what stands in them: firings to come, firings that were (with how late
 * they began). Many firings of one schedule within a day are one line. Pure.
 */
export type View = 'week' | 'day';

export interface Event {
  id: string;
  pipelineId: string;
  pipeline: string;
  schedule: string;
  /** The instant that the schedule names. */
  at: string;
  /** Of past ones: how its run ended, and when it began. */
  status?: string;
  runId?: string;
  lateMs?: number;
  /** Of coming ones: nothing starts, because the pipeline or the schedule is paused. */
  paused?: boolean;
}

const formats = new Map<string, Intl.DateTimeFormat>();
function parts(at: number, zone: string): { day: string; hour: number; minute: number } {
  let format = formats.get(zone);
  if (!format) {
    format = new Intl.DateTimeFormat('en-CA', { timeZone: zone, year: 'numeric', month: '2-digit', day: '2-digit', hour: '2-digit', minute: '2-digit', hourCycle: 'h23' });
    formats.set(zone, format);
  }
  const of = Object.fromEntries(format.formatToParts(at).map((part) => [part.type, part.value]));
  return { day: `${of.year}-${of.month}-${of.day}`, hour: Number(of.hour), minute: Number(of.minute) };
}

export const dayIn = (at: string | number, zone: string): string => parts(new Date(at).getTime(), zone).day;
export const hourIn = (at: string | number, zone: string): number => parts(new Date(at).getTime(), zone).hour;
export function timeIn(at: string | number, zone: string): string {
  const { hour, minute } = parts(new Date(at).getTime(), zone);
  return `${String(hour).padStart(2, '0')}:${String(minute).padStart(2, '0')}`;
}

/** A day so many days after another; both as 2026-03-01. */
export function plusDays(day: string, days: number): string {
  return new Date(Date.parse(`${day}T00:00:00Z`) + days * 86_400_000).toISOString().slice(0, 10);
}

/** The days that are shown: one, or Monday to Sunday of the week of `day`. */
export function daysOf(view: View, day: string): string[] {
  if (view === 'day') return [day];
  const weekday = (new Date(`${day}T00:00:00Z`).getUTCDay() + 6) % 7;
  return Array.from({ length: 7 }, (_, at) => plusDays(day, at - weekday));
}

/** The instant at which a day begins in a zone: found, because zones may skip or repeat hours. */
export function beginOf(day: string, zone: string): number {
  let [low, high] = [Date.parse(`${day}T00:00:00Z`) - 15 * 3_600_000, Date.parse(`${day}T00:00:00Z`) + 15 * 3_600_000];
  while (high - low > 60_000) {
    const middle = Math.floor((low + high) / 2 / 60_000) * 60_000;
    if (dayIn(middle, zone) < day) low = middle;
    else high = middle;
  }
  return Math.ceil(high / 60_000) * 60_000;
}

/** A line of a day: one firing, or many of one schedule. */
export interface Line {
  id: string;
  pipelineId: string;
  pipeline: string;
  schedule: string;
  /** In the order of time. */
  events: Event[];
}

/** Of one schedule within a day, more than so many are one line. */
const APART = 3;

export function linesOf(events: Event[]): Line[] {
  const by = new Map<string, Event[]>();
  for (const event of [...events].sort((a, b) => a.at.localeCompare(b.at))) {
    const key = `${event.pipelineId}/${event.schedule}`;
    const known = by.get(key);
    if (known) known.push(event);
    else by.set(key, [event]);
  }
  return [...by.values()]
    .flatMap((list) => (list.length > APART ? [list] : list.map((one) => [one])))
    .map((list) => ({ id: list[0]!.id, pipelineId: list[0]!.pipelineId, pipeline: list[0]!.pipeline, schedule: list[0]!.schedule, events: list }))
    .sort((a, b) => a.events[0]!.at.localeCompare(b.events[0]!.at) || a.pipeline.localeCompare(b.pipeline));
}

/** The worst status of a line, if any of it is past. */
export function worst(line: Line): string | undefined {
  const statuses = line.events.flatMap((event) => (event.status ? [event.status] : []));
  return ['FAILED', 'WARNING', 'RUNNING', 'CANCELLED', 'SKIPPED', 'SUCCEEDED'].find((status) => statuses.includes(status)) ?? statuses[0];
}
