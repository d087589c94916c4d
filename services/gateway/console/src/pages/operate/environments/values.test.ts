import { describe, expect, it } from 'vitest';
import { faultOf, linesOf, valuesOf, type Line } from './values';

const line = (some: Partial<Line>): Line => ({ id: 0, name: 'LIMIT', type: 'string', text: 'x', ...some });

describe('variables', () => {
  it('come back as they went in', () => {
    const values = { DRY: { type: 'bool', value: false }, LIMIT: { type: 'int', value: 100 }, TARGET: { type: 'string', value: 'prod' } };
    expect(valuesOf(linesOf(values))).toEqual(values);
  });
  it.each([
    [line({}), undefined],
    [line({ name: '' }), 'name'],
    [line({ name: '1st' }), 'name'],
    [line({ type: 'int', text: '12' }), undefined],
    [line({ type: 'int', text: '-3' }), undefined],
    [line({ type: 'int', text: '1.5' }), 'int'],
    [line({ type: 'bool', text: 'true' }), undefined],
    [line({ type: 'bool', text: 'yes' }), 'bool'],
  ])('%j: %s', (given, expected) => expect(faultOf(given, [given])).toBe(expected));
  it('a name may stand there once', () => {
    expect(faultOf(line({ id: 1 }), [line({}), line({ id: 1 })])).toBe('twice');
  });
});
