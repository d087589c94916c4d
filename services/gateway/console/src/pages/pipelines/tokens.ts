/**
 * Colours for YAML that is only shown: comments, keys, texts, numbers, words with a meaning, templates. It reads line by
 * line and keeps in mind whether a block of text goes on; it is no parser, and what it does not know stays plain.
 */
export type Token = { kind: 'plain' | 'comment' | 'key' | 'text' | 'number' | 'word' | 'mark' | 'template'; text: string };

const TEMPLATE = /\$\{\{.*?\}\}/g;
const WORD = /^(true|false|yes|no|on|off|null|~)$/i;
const NUMBER = /^[-+]?(\d[\d_]*)(\.\d+)?([eE][-+]?\d+)?$/;
const KEY = /^("(?:[^"\\]|\\.)*"|'(?:[^']|'')*'|[^\s#'"{}[\],&*!|>%@`-][^:#]*?|-[^\s:][^:#]*?)(\s*:)(?=\s|$)/;

/** Where a comment begins, outside of quotes; the length of the line if there is none. */
function commentAt(line: string): number {
  let quote = '';
  for (let at = 0; at < line.length; at++) {
    const letter = line[at]!;
    if (quote) {
      if (letter === '\\' && quote === '"') at++;
      else if (letter === quote) quote = '';
    } else if ((letter === '"' || letter === "'") && (at === 0 || /[\s[{,:-]/.test(line[at - 1]!))) quote = letter;
    else if (letter === '#' && (at === 0 || /\s/.test(line[at - 1]!))) return at;
  }
  return line.length;
}

function withTemplates(kind: Token['kind'], text: string): Token[] {
  const out: Token[] = [];
  let from = 0;
  for (const found of text.matchAll(TEMPLATE)) {
    if (found.index > from) out.push({ kind, text: text.slice(from, found.index) });
    out.push({ kind: 'template', text: found[0] });
    from = found.index + found[0].length;
  }
  if (from < text.length) out.push({ kind, text: text.slice(from) });
  return out;
}

function value(text: string): Token[] {
  const inner = text.trim();
  if (inner === '') return text ? [{ kind: 'plain', text }] : [];
  if (/^[|>][-+0-9]*$/.test(inner) || /^[&*!]/.test(inner)) return [{ kind: 'mark', text }];
  if (WORD.test(inner)) return [{ kind: 'word', text }];
  if (NUMBER.test(inner)) return [{ kind: 'number', text }];
  if (/^["']/.test(inner)) return withTemplates('text', text);
  return withTemplates('plain', text);
}

/** The tokens of each line. */
export function tokens(yaml: string): Token[][] {
  let block: number | undefined;
  return yaml.split('\n').map((line) => {
    const indent = line.length - line.trimStart().length;
    if (block !== undefined) {
      if (line.trim() === '' || indent > block) return withTemplates('text', line);
      block = undefined;
    }
    const end = commentAt(line);
    const code = line.slice(0, end);
    const out: Token[] = [];
    let rest = code;
    const lead = /^(\s*(?:-\s+)*(?:-$)?)/.exec(rest)![0];
    if (lead) out.push({ kind: lead.includes('-') ? 'mark' : 'plain', text: lead });
    rest = rest.slice(lead.length);
    const key = KEY.exec(rest);
    if (key) {
      out.push({ kind: 'key', text: key[1]! }, { kind: 'mark', text: key[2]! });
      rest = rest.slice(key[0].length);
    }
    if (/[|>][-+0-9]*\s*$/.test(rest) && /^\s*([&!]\S+\s+)*[|>][-+0-9]*\s*$/.test(rest)) block = indent;
    out.push(...value(rest));
    if (end < line.length) out.push({ kind: 'comment', text: line.slice(end) });
    return out;
  });
}
