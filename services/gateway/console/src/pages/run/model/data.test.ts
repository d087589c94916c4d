import { describe, expect, it } from 'vitest';
import { shownData } from './data';

describe('values as people read them', () => {
  it.each([
    ['nothing', {}, undefined],
    ['null', null, undefined],
    ['plain values', { a: 1, b: 'two', c: true }, 'a: 1\nb: "two"\nc: true'],
    ['a script', { code: 'import x\nx.y()\n', source: 'INLINE' }, 'code: |\n    import x\n    x.y()\nsource: "INLINE"'],
    ['what lies deeper', { a: { b: { c: [1, 2] } } }, 'a:\n  b:\n    c: [1,2]'],
    ['an empty object within', { a: {} }, 'a: {}'],
    ['a list of objects', { a: [{ b: 1, c: 2 }, 3] }, 'a:\n  - b: 1\n    c: 2\n  - 3'],
    ['a text alone', 'x', '"x"'],
  ])('%s', (_, value, text) => {
    expect(shownData(value)).toBe(text);
  });

  it('cuts what is very long', () => {
    expect(shownData({ a: 'x'.repeat(200_000) })!.length).toBe(100_001);
  });
});
