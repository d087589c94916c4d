import { describe, expect, it } from 'vitest';
import { scrollTo, windowOf } from './window';

describe('rows in sight', () => {
  it.each([
    ['the top', 0, 300, 1_000, { first: 0, end: 22 }],
    ['in the middle', 3_000, 300, 1_000, { first: 88, end: 122 }],
    ['the end', 29_700, 300, 1_000, { first: 978, end: 1_000 }],
    ['few rows', 0, 300, 4, { first: 0, end: 4 }],
    ['none', 0, 300, 0, { first: 0, end: 0 }],
    ['scrolled beyond what is left', 29_700, 300, 10, { first: 0, end: 10 }],
  ])('%s', (_, scroll, height, count, window) => {
    expect(windowOf(scroll, height, 30, count)).toEqual(window);
  });

  it.each([
    ['above', 2, 60 + 1, 60],
    ['below', 20, 0, 21 * 30 - 300],
    ['in sight', 5, 0, undefined],
  ])('scrolls to a row %s', (_, index, scroll, to) => {
    expect(scrollTo(index, scroll, 300, 30)).toBe(to);
  });
});
