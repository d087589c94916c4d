/**
 * What part of the world a page shows: a range of time and an owner, both in the URL, so that a link shows the same.
 * `?range=24h` moves on with the clock; `?from=…&to=…` stands still.
 */
import { useMemo } from 'react';
import { useSearchParams } from 'react-router';
import { useNow } from '../parts/clock';

export const RANGES = { '1h': 3_600_000, '24h': 86_400_000, '7d': 7 * 86_400_000, '30d': 30 * 86_400_000 } as const;
export type Range = keyof typeof RANGES;

export interface Scope {
  /** Undefined where `from` and `to` stand in the URL. */
  range: Range | undefined;
  /** Instants; whole minutes, so that what is asked for stays the same for a minute. */
  from: string;
  to: string;
  /** Empty = of everybody. */
  owner: string;
  set: (some: { range?: Range; from?: string; to?: string; owner?: string }) => void;
}

const MINUTE = 60_000;

/** The scope that a query of a URL means at `now`; what is not understood counts as absent. */
export function readScope(query: URLSearchParams, now: number, usual: Range): Omit<Scope, 'set'> {
  const owner = query.get('owner') ?? '';
  const [from, to] = [Date.parse(query.get('from') ?? ''), Date.parse(query.get('to') ?? '')];
  if (!Number.isNaN(from) && !Number.isNaN(to) && from < to) {
    return { range: undefined, from: new Date(from).toISOString(), to: new Date(to).toISOString(), owner };
  }
  const named = query.get('range') ?? '';
  const range = Object.hasOwn(RANGES, named) ? (named as Range) : usual;
  const end = Math.ceil(now / MINUTE) * MINUTE;
  return { range, from: new Date(end - RANGES[range]).toISOString(), to: new Date(end).toISOString(), owner };
}

export function useScope(usual: Range = '24h'): Scope {
  const [query, setQuery] = useSearchParams();
  const minute = Math.ceil(useNow(10_000) / MINUTE) * MINUTE;
  const text = query.toString();
  return useMemo(() => {
    const set: Scope['set'] = (some) =>
      setQuery(
        (old) => {
          const next = new URLSearchParams(old);
          const put = (name: string, value: string | undefined) => (value ? next.set(name, value) : next.delete(name));
          if (some.owner !== undefined) put('owner', some.owner);
          if (some.range) {
            put('range', some.range === usual ? undefined : some.range);
            put('from', undefined);
            put('to', undefined);
          }
          if (some.from && some.to) {
            put('range', undefined);
            put('from', some.from);
            put('to', some.to);
          }
          return next;
        },
        { replace: true },
      );
    return { ...readScope(new URLSearchParams(text), minute, usual), set };
  }, [text, minute, usual, setQuery]);
}
