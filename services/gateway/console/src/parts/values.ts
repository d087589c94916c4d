/**
 * Writes instants, durations, sizes and money as the chosen language and time zone write them. Pure but for the
 * settings: every function takes them as arguments with the settings as default. Knows no component.
 */
import { language, t } from '../i18n';
import { zoneName } from '../app/settings';

const formats = new Map<string, Intl.DateTimeFormat>();
function dates(options: Intl.DateTimeFormatOptions, zone: string, spoken: string): Intl.DateTimeFormat {
  const key = `${spoken} ${zone} ${JSON.stringify(options)}`;
  let format = formats.get(key);
  if (!format) {
    format = new Intl.DateTimeFormat(spoken, { ...options, timeZone: zone });
    formats.set(key, format);
  }
  return format;
}

export type Instant = string | number | Date;
const ms = (instant: Instant) => (instant instanceof Date ? instant.getTime() : new Date(instant).getTime());

/** To the second, with the zone: what a tooltip says. */
export function exactTime(instant: Instant, zone = zoneName(), spoken: string = language()): string {
  return dates({ dateStyle: 'medium', timeStyle: 'long', hourCycle: 'h23' }, zone, spoken).format(ms(instant));
}

/** Day and minute; the year only where it is not this one. */
export function shortTime(instant: Instant, now: Instant = Date.now(), zone = zoneName(), spoken: string = language()): string {
  const year = (at: Instant) => dates({ year: 'numeric' }, zone, 'en').format(ms(at));
  const day: Intl.DateTimeFormatOptions = { month: 'short', day: 'numeric', hour: '2-digit', minute: '2-digit', hourCycle: 'h23' };
  return dates(year(instant) === year(now) ? day : { ...day, year: 'numeric' }, zone, spoken).format(ms(instant));
}

/** Hour, minute and second. */
export function clockTime(instant: Instant, zone = zoneName(), spoken: string = language()): string {
  return dates({ hour: '2-digit', minute: '2-digit', second: '2-digit', hourCycle: 'h23' }, zone, spoken).format(ms(instant));
}

/** The day alone. */
export function dayOf(instant: Instant, zone = zoneName(), spoken: string = language()): string {
  return dates({ weekday: 'short', month: 'short', day: 'numeric' }, zone, spoken).format(ms(instant));
}

const STEPS: [Intl.RelativeTimeFormatUnit, number][] = [
  ['day', 86_400_000],
  ['hour', 3_600_000],
  ['minute', 60_000],
];

/** `3 minutes ago`, `in 2 hours`; within ten seconds: now. After 30 days the date says more. */
export function relativeTime(instant: Instant, now: Instant = Date.now(), spoken: string = language(), zone = zoneName()): string {
  const away = ms(instant) - ms(now);
  const size = Math.abs(away);
  if (size > 30 * 86_400_000) return shortTime(instant, now, zone, spoken);
  const relative = new Intl.RelativeTimeFormat(spoken, { numeric: 'auto', style: 'short' });
  if (size < 10_000) return relative.format(0, 'second');
  for (const [unit, length] of STEPS) {
    if (size >= length) return relative.format(Math.trunc(away / length), unit);
  }
  return relative.format(Math.trunc(away / 1000), 'second');
}

/** How the units of a duration are written behind their number. */
const UNITS: Record<string, { s: string; m: string; h: string; d: string }> = { en: { s: ' s', m: ' m', h: ' h', d: ' d' }, ko: { s: '초', m: '분', h: '시간', d: '일' } };

/** `840 ms`, `4.2 s`, `3 m 05 s`, `2 h 10 m`, `3 d 4 h`. */
export function durationText(milliseconds: number, spoken: string = language()): string {
  const { s, m, h, d } = UNITS[spoken] ?? UNITS.en!;
  const whole = Math.max(0, Math.round(milliseconds));
  if (whole < 1000) return `${whole} ms`;
  const seconds = whole / 1000;
  if (seconds < 10) return `${seconds.toFixed(1)}${s}`;
  if (seconds < 60) return `${Math.floor(seconds)}${s}`;
  const two = (n: number) => String(n).padStart(2, '0');
  const minutes = Math.floor(seconds / 60);
  if (minutes < 60) return `${minutes}${m} ${two(Math.floor(seconds % 60))}${s}`;
  const hours = Math.floor(minutes / 60);
  if (hours < 48) return `${hours}${h} ${two(minutes % 60)}${m}`;
  return `${Math.floor(hours / 24)}${d} ${hours % 24}${h}`;
}

export function numberText(value: number, spoken: string = language()): string {
  return new Intl.NumberFormat(spoken).format(value);
}

export function percentText(part: number, spoken: string = language()): string {
  const digits = part > 0.99 && part < 1 ? 1 : 0;
  return new Intl.NumberFormat(spoken, { style: 'percent', maximumFractionDigits: digits }).format(part);
}

/** An amount as the API writes it (decimal text) in its currency; four significant digits where it is small. */
export function moneyText(amount: string | number, currency: string, spoken: string = language()): string {
  const value = Number(amount);
  const small = value !== 0 && Math.abs(value) < 1;
  try {
    return new Intl.NumberFormat(spoken, {
      style: 'currency',
      currency: currency || 'USD',
      ...(small ? { minimumSignificantDigits: 1, maximumSignificantDigits: 3 } : {}),
    }).format(value);
  } catch {
    // A currency that is none of ISO 4217: beside the number.
    return `${numberText(value, spoken)} ${currency}`;
  }
}

/** `1.5 MiB`: powers of 1024. */
export function bytesText(bytes: number, spoken: string = language()): string {
  const units = ['B', 'KiB', 'MiB', 'GiB', 'TiB', 'PiB'];
  let value = bytes;
  let at = 0;
  while (value >= 1024 && at < units.length - 1) {
    value /= 1024;
    at++;
  }
  return `${new Intl.NumberFormat(spoken, { maximumFractionDigits: at === 0 || value >= 100 ? 0 : 1 }).format(value)} ${units[at]}`;
}

/** Milliseconds between two instants, or undefined where one is missing. */
export function between(from: Instant | null | undefined, to: Instant | null | undefined): number | undefined {
  return from && to ? ms(to) - ms(from) : undefined;
}

/** A list in words: `a, b and c`; of more than `most`, how many more. */
export function listText(names: string[], most = 3, spoken: string = language()): string {
  const shown = names.slice(0, most);
  if (names.length > most) shown.push(t('parts.more', { count: names.length - most }));
  return new Intl.ListFormat(spoken, { type: 'conjunction' }).format(shown);
}
