/**
 * Keys that do something everywhere or on one page: `?`, `g h`, `Mod-k`. Nothing is taken while somebody types, except
 * with Ctrl or Cmd. Pages add theirs with `useKeys`; the help shows what counts now. Knows no key itself.
 */
import { useEffect, useRef } from 'react';

export interface KeyDoes {
  /** One key (`?`), two in a row (`g h`), or with Ctrl/Cmd (`Mod-k`). */
  keys: string;
  name: string;
  group: string;
  run: () => void;
}

const stack: KeyDoes[][] = [];

/** All keys that count now; of several with the same keys, the newest. */
export function keysNow(): KeyDoes[] {
  const all = new Map<string, KeyDoes>();
  for (const list of stack) for (const one of list) all.set(one.keys, one);
  return [...all.values()];
}

export function useKeys(list: KeyDoes[]): void {
  const latest = useRef(list);
  latest.current = list;
  const names = list.map((one) => one.keys).join(',');
  useEffect(() => {
    const ours = latest.current.map((one, at) => ({ ...one, run: () => latest.current[at]?.run() }));
    stack.push(ours);
    return () => {
      stack.splice(stack.indexOf(ours), 1);
      };
  }, [names]);
}

const typing = (target: EventTarget | null) =>
  target instanceof HTMLElement && (target.isContentEditable || /^(INPUT|TEXTAREA|SELECT)$/.test(target.tagName) || target.shadowRoot !== null);

/** Milliseconds within which the second of two keys counts. */
const SECOND_KEY = 1_200;

/** Turns events of keys into what was pressed: `Mod-k`, `g h`, `?`; a first key alone is remembered for the second. */
export function keyReader(): (event: Pick<KeyboardEvent, 'key' | 'ctrlKey' | 'metaKey' | 'altKey' | 'timeStamp'>, typed: boolean) => string[] {
  let first: { key: string; at: number } | undefined;
  return (event, typed) => {
    const mod = event.ctrlKey || event.metaKey;
    if (event.altKey || event.key.length > 1) return [];
    if (mod) return [`Mod-${event.key.toLowerCase()}`];
    if (typed) return [];
    const before = first && event.timeStamp - first.at < SECOND_KEY ? first.key : undefined;
    first = { key: event.key, at: event.timeStamp };
    return before ? [`${before} ${event.key}`, event.key] : [event.key];
  };
}

export function listenToKeys(): () => void {
  const read = keyReader();
  const press = (event: KeyboardEvent) => {
    if (event.defaultPrevented) return;
    const modal = document.querySelector('dialog[open]') !== null;
    for (const keys of read(event, typing(event.target))) {
      const found = keysNow().find((one) => one.keys === keys);
      // Before a dialog, only the palette's key counts.
      if (!found || (modal && !keys.startsWith('Mod-'))) continue;
      event.preventDefault();
      found.run();
      return;
    }
  };
  window.addEventListener('keydown', press);
  return () => window.removeEventListener('keydown', press);
}
