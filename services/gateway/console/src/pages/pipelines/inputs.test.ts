import { describe, expect, it } from 'vitest';
import type { InputSpec } from '../../api/pipelines';
import { initial, readInput, readInputs, type Typed } from './inputs';

describe('what is typed means', () => {
  const cases: [string, InputSpec, Typed, unknown][] = [
    ['a text', { type: 'string' }, ' x ', { value: ' x ' }],
    ['a number', { type: 'number' }, '1e3', { value: 1000 }],
    ['no number', { type: 'number' }, 'ten', { wrong: 'pipelines.input.number' }],
    ['a box', { type: 'boolean', default: true }, false, { value: false }],
    ['a list', { type: 'list' }, '["a", 1]', { value: ['a', 1] }],
    ['no list', { type: 'list' }, '{"a": 1}', { wrong: 'pipelines.input.list' }],
    ['a map', { type: 'dict' }, '{"a": 1}', { value: { a: 1 } }],
    ['no map', { type: 'dict' }, '[1]', { wrong: 'pipelines.input.dict' }],
    ['one of several numbers', { type: 'string', options: [1, 2] }, '2', { value: 2 }],
    ['nothing, which is needed', { type: 'string' }, '', { wrong: 'pipelines.input.missing' }],
    ['nothing, which is needed, of a number', { type: 'number' }, ' ', { wrong: 'pipelines.input.missing' }],
    ['nothing, and there is a default', { type: 'number', default: 3 }, '', { absent: true }],
    ['nothing, and none is needed', { type: 'string', optional: true }, '', { absent: true }],
  ];
  it.each(cases)('%s', (_, spec, typed, expected) => expect(readInput(spec, typed)).toEqual(expected));
});

describe('a field begins with its default', () => {
  it.each([
    [{ type: 'string', default: 'delta' }, 'delta'],
    [{ type: 'number', default: 1000 }, '1000'],
    [{ type: 'list', default: ['a', 'b'] }, '["a","b"]'],
    [{ type: 'boolean' }, false],
    [{ type: 'string' }, ''],
  ] as [InputSpec, Typed][])('%j', (spec, expected) => expect(initial(spec)).toBe(expected));
});

it('only what is right is sent, and all that is wrong is told', () => {
  const specs: Record<string, InputSpec> = { a: { type: 'number', default: 1 }, b: { type: 'string' }, c: { type: 'boolean' } };
  expect(readInputs(specs, { a: 'x' })).toEqual({ inputs: { c: false }, wrong: { a: 'pipelines.input.number', b: 'pipelines.input.missing' } });
});
