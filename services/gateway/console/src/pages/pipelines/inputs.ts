/** The inputs of a pipeline as a form: what is typed, what it means, and what is wrong with it. Knows no component. */
import type { InputSpec } from '../../api/pipelines';
import type { Key } from '../../i18n';

/** What stands in a field: text, or whether a box is ticked. */
export type Typed = string | boolean;

/** What a field shows at first: the default. */
export function initial(spec: InputSpec): Typed {
  if (spec.type === 'boolean') return spec.default === true;
  if (spec.default === undefined || spec.default === null) return '';
  return typeof spec.default === 'string' ? spec.default : JSON.stringify(spec.default, null, spec.type === 'dict' ? 2 : undefined);
}

export type Read = { value: unknown } | { absent: true } | { wrong: Key };

const isDict = (value: unknown) => typeof value === 'object' && value !== null && !Array.isArray(value);

/** What a field means. Nothing typed = the default, if there is one or none is needed. */
export function readInput(spec: InputSpec, typed: Typed): Read {
  if (typeof typed === 'boolean') return { value: typed };
  const text = typed.trim();
  if (text === '' && spec.type !== 'string') return spec.optional || spec.default !== undefined ? { absent: true } : { wrong: 'pipelines.input.missing' };
  switch (spec.type) {
    case 'number': {
      const value = Number(text);
      return Number.isFinite(value) ? { value } : { wrong: 'pipelines.input.number' };
    }
    case 'list':
    case 'dict': {
      try {
        const value: unknown = JSON.parse(text);
        if (spec.type === 'list' ? Array.isArray(value) : isDict(value)) return { value };
      } catch {
        // Told below.
      }
      return { wrong: spec.type === 'list' ? 'pipelines.input.list' : 'pipelines.input.dict' };
    }
    default:
      if (typed === '' && (spec.optional || spec.default !== undefined)) return { absent: true };
      if (typed === '') return { wrong: 'pipelines.input.missing' };
      // An option may be a number: it is given as what it is.
      return { value: spec.options?.find((option) => String(option) === typed) ?? typed };
  }
}

/** All inputs together: what is sent, or what is wrong by name. */
export function readInputs(specs: Record<string, InputSpec>, typed: Record<string, Typed>): { inputs: Record<string, unknown>; wrong: Record<string, Key> } {
  const inputs: Record<string, unknown> = {};
  const wrong: Record<string, Key> = {};
  for (const [name, spec] of Object.entries(specs)) {
    const read = readInput(spec, typed[name] ?? initial(spec));
    if ('value' in read) inputs[name] = read.value;
    else if ('wrong' in read) wrong[name] = read.wrong;
  }
  return { inputs, wrong };
}
