import { expect, it } from 'vitest';
import { amountOf, goodCurrency, microsOf, percentsOf } from './amounts';

it.each([
  ['12.50', 12_500_000],
  ['0.000001', 1],
  ['3', 3_000_000],
  [' 100 ', 100_000_000],
  ['0.1', 100_000],
  ['1.1234567', undefined],
  ['-1', undefined],
  ['1,5', undefined],
  ['', undefined],
  ['999999999999', undefined],
])('%s is %s millionths', (text, expected) => expect(microsOf(text)).toBe(expected));

it.each([
  [12_500_000, '12.50'],
  [1, '0.000001'],
  [3_000_000, '3.00'],
  [40_000, '0.04'],
  [-1_250_000, '-1.25'],
])('%d millionths are %s', (micros, expected) => expect(amountOf(micros)).toBe(expected));

it('what is written is read again', () => {
  for (const micros of [1, 10, 999_999, 1_000_000, 123_456_789]) expect(microsOf(amountOf(micros))).toBe(micros);
});
it.each([
  ['EUR', true],
  ['eur', false],
  ['EURO', false],
])('%s is a currency: %s', (text, expected) => expect(goodCurrency(text)).toBe(expected));
it.each([
  ['80, 100', [80, 100]],
  ['', []],
  ['80 x', undefined],
  ['0', undefined],
])('%j per cent', (text, expected) => expect(percentsOf(text)).toEqual(expected));
