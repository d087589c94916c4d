/**
 * Fills a message: `{name}`, and `{count, plural, one {# run} other {# runs}}` by the plural rules of the language.
 * Numbers are written as the language writes them. A value that is missing stays visible as `{name}`. Knows no message.
 */
export type Values = Record<string, string | number>;
export type Piece = { text: string } | { value: string };

/** The text between a brace at `start` and the one that closes it, and where the next character stands. */
function inside(message: string, start: number): [string, number] {
  let depth = 0;
  for (let at = start; at < message.length; at++) {
    if (message[at] === '{') depth++;
    else if (message[at] === '}' && --depth === 0) return [message.slice(start + 1, at), at + 1];
  }
  throw new Error(`a brace is open in: ${message}`);
}

function choose(choices: string, count: number, language: string): string {
  const rule = new Intl.PluralRules(language).select(count);
  let other = '';
  let at = 0;
  while (at < choices.length) {
    const open = choices.indexOf('{', at);
    if (open < 0) break;
    const name = choices.slice(at, open).trim();
    const [text, next] = inside(choices, open);
    if (name === rule || name === `=${count}`) return text;
    if (name === 'other') other = text;
    at = next;
  }
  return other;
}

/** The message in pieces: text, and the names of values that stand between it. Plurals are chosen already. */
export function pieces(message: string, values: Record<string, unknown>, language: string): Piece[] {
  const out: Piece[] = [];
  let at = 0;
  while (at < message.length) {
    const open = message.indexOf('{', at);
    if (open < 0) {
      out.push({ text: message.slice(at) });
      break;
    }
    if (open > at) out.push({ text: message.slice(at, open) });
    const [body, next] = inside(message, open);
    const plural = /^\s*(\w+)\s*,\s*plural\s*,([\s\S]*)$/.exec(body);
    if (plural) {
      const count = Number(values[plural[1]!]);
      const chosen = choose(plural[2]!, count, language).replaceAll('#', new Intl.NumberFormat(language).format(count));
      out.push(...pieces(chosen, values, language));
    } else {
      out.push({ value: body.trim() });
    }
    at = next;
  }
  return out;
}

export function fill(message: string, values: Values, language: string): string {
  return pieces(message, values, language)
    .map((piece) => {
      if ('text' in piece) return piece.text;
      const value = values[piece.value];
      if (value === undefined) return `{${piece.value}}`;
      return typeof value === 'number' ? new Intl.NumberFormat(language).format(value) : value;
    })
    .join('');
}
