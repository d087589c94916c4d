/** Values of JSON as people read them: texts of several lines as such, everything else as indented JSON. Pure. */

/** Characters that are shown. */
const MOST = 100_000;

function lines(value: unknown, indent: string): string {
  if (typeof value === 'string' && value.includes('\n')) {
    // As YAML writes it: quotes and escapes would make a script of one line.
    return `|\n${value.replace(/\n$/, '').split('\n').map((line) => `${indent}  ${line}`).join('\n')}`;
  }
  if (Array.isArray(value) && value.some((one) => typeof one === 'object' && one !== null)) {
    return value.map((one) => `\n${indent}- ${lines(one, `${indent}  `).replace(/^\n\s*/, '')}`).join('');
  }
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) {
    const entries = Object.entries(value);
    if (entries.length === 0) return '{}';
    return entries.map(([name, one]) => `\n${indent}${name}: ${lines(one, `${indent}  `)}`.replace(/: \n/, ':\n')).join('');
  }
  return JSON.stringify(value) ?? '';
}

/** Undefined where there is nothing to show. */
export function shownData(value: unknown): string | undefined {
  if (value === null || value === undefined || value === '') return undefined;
  if (typeof value === 'object' && Object.keys(value).length === 0) return undefined;
  const text = lines(value, '').replace(/^\n/, '');
  return text.length > MOST ? `${text.slice(0, MOST)}…` : text;
}
