/** Sentences of the server, made readable: instants as the chosen zone and language write them. Pure but for the settings. */
import { shortTime } from '../../parts/values';

const INSTANT = /\b\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?Z/g;

/** The text, with every instant of it written for people, and a capital letter at its beginning. */
export function readable(text: string, write: (instant: string) => string = (instant) => shortTime(instant)): string {
  const said = text.replace(INSTANT, (instant) => write(instant));
  return said.charAt(0).toUpperCase() + said.slice(1);
}

/** Sentences one after the other, each with its full stop. */
export function sentences(...all: string[]): string {
  return all
    .filter(Boolean)
    .map((one) => (/[.!?:]$/.test(one) ? one : `${one}.`))
    .join(' ');
}
