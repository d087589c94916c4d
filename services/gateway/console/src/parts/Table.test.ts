import { describe, expect, it } from 'vitest';
import { ordered, orderOf } from './Table';

describe('rows are ordered', () => {
  it.each([
    ['name', { column: 'name', down: false }],
    ['-name', { column: 'name', down: true }],
    [null, undefined],
    ['', undefined],
  ])('%s', (text, expected) => expect(orderOf(text)).toEqual(expected));

  const by = (row: { v: string | number | undefined }) => row.v;
  const of = (down: boolean, ...values: (string | number | undefined)[]) => ordered(values.map((v) => ({ v })), by, down).map(by);
  it('numbers in names as numbers', () => expect(of(false, 'task10', 'task9')).toEqual(['task9', 'task10']));
  it('the greatest first', () => expect(of(true, 1, 3, 2)).toEqual([3, 2, 1]));
  it('what is unknown comes last, whichever way', () => {
    expect(of(true, undefined, 1, 2)).toEqual([2, 1, undefined]);
    expect(of(false, undefined, 2, 1)).toEqual([1, 2, undefined]);
  });
});
