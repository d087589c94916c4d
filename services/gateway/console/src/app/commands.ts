/** What the palette offers: what areas bring, what the page of the moment adds (`useCommands`), and how it is searched. */
import { useEffect, useRef } from 'react';
import { AREAS } from './areas';
import type { Command } from './area';

const pages: { current: Command[] }[] = [];

/** Adds commands while the calling page is open. */
export function useCommands(commands: Command[]): void {
  const ours = useRef(commands);
  ours.current = commands;
  useEffect(() => {
    pages.push(ours);
    return () => {
      pages.splice(pages.indexOf(ours), 1);
    };
  }, []);
}

export function commandsNow(): Command[] {
  return [...pages.flatMap((page) => page.current), ...AREAS.flatMap((area) => area.commands?.() ?? [])];
}

/**
 * How well `text` fits a name: undefined = not at all; greater is better. All letters must come in order; a beginning
 * of the name, then of a word, then letters in a row count most.
 */
export function fit(text: string, name: string): number | undefined {
  const [wanted, given] = [text.toLowerCase().trim(), name.toLowerCase()];
  if (wanted === '') return 0;
  const whole = given.indexOf(wanted);
  if (whole === 0) return 1000 - given.length;
  if (whole > 0) return (/[\s_\-./]/.test(given[whole - 1]!) ? 700 : 500) - given.length;
  let at = -1;
  let gaps = 0;
  for (const letter of wanted) {
    if (letter === ' ') continue;
    const next = given.indexOf(letter, at + 1);
    if (next < 0) return undefined;
    gaps += next - at - 1;
    at = next;
  }
  return 200 - gaps;
}

/** The commands that fit, the best first; at most `most`. */
export function search(commands: Command[], text: string, most = 50): Command[] {
  return commands
    .map((command, at) => ({ command, at, rank: Math.max(fit(text, command.name) ?? -Infinity, (fit(text, command.words ?? '') ?? -Infinity) - 100) }))
    .filter(({ rank }) => rank > -Infinity)
    .sort((a, b) => b.rank - a.rank || a.at - b.at)
    .slice(0, most)
    .map(({ command }) => command);
}
