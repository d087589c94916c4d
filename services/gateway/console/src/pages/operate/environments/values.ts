/** Variables of an environment between the form and the API. Pure. */
import type { Variable } from '../../../api/environments';

export const TYPES = ['string', 'int', 'bool', 'integration_credential'] as const;

export interface Line {
  /** Of the line in the form; names change while they are typed. */
  id: number;
  name: string;
  type: string;
  text: string;
}

export const linesOf = (values: Record<string, Variable>): Line[] =>
  Object.entries(values)
    .sort(([a], [b]) => a.localeCompare(b))
    .map(([name, { type, value }], id) => ({ id, name, type, text: typeof value === 'string' ? value : JSON.stringify(value) }));

export type Fault = 'name' | 'twice' | 'int' | 'bool';

/** What is wrong with a line among all. */
export function faultOf(line: Line, all: Line[]): Fault | undefined {
  if (!/^[A-Za-z_][A-Za-z0-9_]*$/.test(line.name)) return 'name';
  if (all.some((other) => other.id !== line.id && other.name === line.name)) return 'twice';
  if (line.type === 'int' && !/^-?\d+$/.test(line.text.trim())) return 'int';
  if (line.type === 'bool' && !/^(true|false)$/.test(line.text.trim())) return 'bool';
  return undefined;
}

export function valuesOf(lines: Line[]): Record<string, Variable> {
  return Object.fromEntries(
    lines.map(({ name, type, text }) => [name, { type, value: type === 'int' ? Number(text) : type === 'bool' ? text.trim() === 'true' : text }]),
  );
}
