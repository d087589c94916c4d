/**
 * What somebody prefers: theme, time zone, language. Kept in this browser (localStorage) and nowhere else; tabs follow
 * each other. Knows nothing about how these are drawn.
 */
import { useSyncExternalStore } from 'react';

export type Theme = 'system' | 'light' | 'dark';
export type Language = 'en' | 'ko';
export interface Settings {
  theme: Theme;
  /** `local`, or a name of the IANA database like `Asia/Seoul` or `UTC`. */
  zone: string;
  language: Language;
  /** Whether the navigation shows icons only. */
  narrow: boolean;
}

const PLACE = 'downbeat.settings';
const watchers = new Set<() => void>();

/** Whether `zone` is one that this browser knows. */
export function knownZone(zone: string): boolean {
  if (zone === 'local') return true;
  try {
    new Intl.DateTimeFormat('en', { timeZone: zone });
    return true;
  } catch {
    return false;
  }
}

/** Settings of what was kept; whatever is not understood counts as never set. */
export function readSettings(kept: string | null, browser: string): Settings {
  let given: Partial<Record<keyof Settings, unknown>> = {};
  try {
    const parsed: unknown = JSON.parse(kept ?? '{}');
    if (typeof parsed === 'object' && parsed !== null) given = parsed;
  } catch {
    // Somebody else's text stands there: as if nothing was kept.
  }
  const spoken: Language = browser.toLowerCase().startsWith('ko') ? 'ko' : 'en';
  return {
    theme: given.theme === 'light' || given.theme === 'dark' ? given.theme : 'system',
    zone: typeof given.zone === 'string' && knownZone(given.zone) ? given.zone : 'local',
    language: given.language === 'en' || given.language === 'ko' ? given.language : spoken,
    narrow: given.narrow === true,
  };
}

function load(): Settings {
  if (typeof localStorage === 'undefined') return readSettings(null, 'en');
  return readSettings(localStorage.getItem(PLACE), navigator.language);
}

let current = load();

function apply(): void {
  if (typeof document === 'undefined') return;
  const root = document.documentElement;
  if (current.theme === 'system') delete root.dataset.theme;
  else root.dataset.theme = current.theme;
  root.lang = current.language;
}

if (typeof window !== 'undefined') {
  apply();
  window.addEventListener('storage', (event) => {
    if (event.key !== PLACE) return;
    current = load();
    apply();
    watchers.forEach((tell) => tell());
  });
}

export function settings(): Settings {
  return current;
}

export function change(some: Partial<Settings>): void {
  current = { ...current, ...some };
  localStorage.setItem(PLACE, JSON.stringify(current));
  apply();
  watchers.forEach((tell) => tell());
}

const subscribe = (tell: () => void) => {
  watchers.add(tell);
  return () => watchers.delete(tell);
};

export function useSettings(): Settings {
  return useSyncExternalStore(subscribe, settings);
}

/** The zone by its IANA name. */
export function zoneName(zone: string = current.zone): string {
  return zone === 'local' ? Intl.DateTimeFormat().resolvedOptions().timeZone : zone;
}
