import { expect, it } from 'vitest';
import { barHeights, linePoints } from './Sparkline';

it('bars: the longest is 24 px, what took no time is still seen', () => {
  expect(barHeights([100, 25, 0, undefined])).toEqual([24, 14, 3, 3]);
});
it('a line stays within its box', () => {
  expect(linePoints([0, 10], 100, 20)).toBe('1.0,19.0 99.0,1.0');
  expect(linePoints([5], 100, 20)).toBe('50.0,1.0');
  expect(linePoints([0, 0], 100, 20)).toBe('1.0,19.0 99.0,19.0');
});
