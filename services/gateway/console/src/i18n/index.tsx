/**
 * The words of the console: `t('run.cancel')`. English is always there; Korean is fetched when it is chosen. Components
 * need no hook for it: the whole tree is drawn anew when the language changes (app/Providers). Knows no component.
 */
import { Fragment, type ReactNode } from 'react';
import { settings, type Language } from '../app/settings';
import { en } from './en';
import { fill, pieces, type Values } from './format';

export type Key = keyof typeof en;

const loaded: Partial<Record<Language, Record<Key, string>>> = { en };

/** Makes the words of a language ready; a language that is there already is ready at once. */
export async function loadLanguage(language: Language): Promise<void> {
  if (loaded[language]) return;
  if (language === 'ko') loaded.ko = (await import('./ko')).ko;
}

/** The language in which things are said now. */
export function language(): Language {
  const wanted = settings().language;
  return loaded[wanted] ? wanted : 'en';
}

export function t(key: Key, values: Values = {}): string {
  const spoken = language();
  return fill(loaded[spoken]![key], values, spoken);
}

/** As `t`, with parts of the page in the places of values. */
export function rich(key: Key, values: Record<string, ReactNode>): ReactNode {
  const spoken = language();
  return pieces(loaded[spoken]![key], values, spoken).map((piece, at) => (
    <Fragment key={at}>{'text' in piece ? piece.text : values[piece.value]}</Fragment>
  ));
}

/** The words for what the server names by a code (`FAILED`), or the code in plain letters where we have none. */
export function named(prefix: string, code: string): string {
  const key = `${prefix}.${code}`;
  if (Object.hasOwn(en, key)) return t(key as Key);
  const plain = code.toLowerCase().replaceAll('_', ' ');
  return plain.charAt(0).toUpperCase() + plain.slice(1);
}
