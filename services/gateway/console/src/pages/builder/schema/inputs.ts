/** The inputs that a pipeline declares, and what somebody types for them, as values of the declared types. Pure. */
import { resolved, type Tree } from '../edit/tree';
import { readValue } from './values';

export interface InputOf {
  name: string;
  type: string;
  options: string[];
  fallback?: string;
  needed: boolean;
}

export function inputsOf(fields: { [key: string]: Tree }): InputOf[] {
  return Object.entries(resolved(fields.inputs)).map(([name, given]) => {
    const own = resolved(given);
    const fallback = own.default === undefined || own.default === null ? undefined : typeof own.default === 'object' ? JSON.stringify(own.default) : String(own.default);
    return {
      name,
      type: typeof own.type === 'string' ? own.type : 'string',
      options: Array.isArray(own.options) ? own.options.map(String) : [],
      fallback,
      needed: fallback === undefined && own.optional !== true,
    };
  });
}

export type Read = { value: Tree } | { wrong: true } | { absent: true };

export function readInput(of: InputOf, typed: string): Read {
  if (typed === '') return of.needed ? { wrong: true } : { absent: true };
  switch (of.type) {
    case 'number': {
      const number = Number(typed);
      return Number.isFinite(number) ? { value: number } : { wrong: true };
    }
    case 'boolean':
      return typed === 'true' || typed === 'false' ? { value: typed === 'true' } : { wrong: true };
    case 'list':
    case 'dict': {
      const value = readValue(typed, of.type === 'list' ? 'array' : 'object');
      return value === undefined ? { wrong: true } : { value };
    }
    default:
      return { value: typed };
  }
}

/** All together; undefined where one is wrong or missing. */
export function runInputs(inputs: readonly InputOf[], typed: Record<string, string>): { [key: string]: Tree } | undefined {
  const out: { [key: string]: Tree } = {};
  for (const one of inputs) {
    const read = readInput(one, typed[one.name] ?? '');
    if ('wrong' in read) return undefined;
    if ('value' in read) out[one.name] = read.value;
  }
  return out;
}
