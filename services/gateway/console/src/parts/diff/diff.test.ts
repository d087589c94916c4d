import { describe, expect, it } from 'vitest';
import { counts, diffLines, parts, rowsOf } from './lines';
import { conflicts, joined, merge } from './merge';

const text = (letters: string) => [...letters].map((letter) => `${letter}\n`).join('');
const told = (before: string, after: string) => diffLines(text(before), text(after)).map((line) => ({ same: ' ', gone: '-', new: '+' })[line.kind] + line.text).join('');

describe('lines', () => {
  it.each([
    ['', '', ''],
    ['abc', 'abc', ' a b c'],
    ['', 'ab', '+a+b'],
    ['ab', '', '-a-b'],
    ['abc', 'axc', ' a-b+x c'],
    ['abcabba', 'cbabac', '-a-b c+b a b-b a+c'],
  ])('%j to %j', (before, after, expected) => expect(told(before, after)).toBe(expected));

  it('whatever the texts are, both can be read from what is said', () => {
    let seed = 7;
    const chance = (below: number) => (seed = (seed * 1_103_515_245 + 12_345) % 2_147_483_648) % below;
    for (let round = 0; round < 300; round++) {
      const [before, after] = [0, 0].map(() => text(Array.from({ length: chance(25) }, () => 'abcd'[chance(4)]).join('')));
      const lines = diffLines(before!, after!);
      expect(lines.filter((line) => line.kind !== 'new').map((line) => `${line.text}\n`).join('')).toBe(before);
      expect(lines.filter((line) => line.kind !== 'gone').map((line) => `${line.text}\n`).join('')).toBe(after);
    }
  });

  it('texts with nothing in common are said as taken and added, and at once', () => {
    const many = (letter: string) => Array.from({ length: 6_000 }, (_, at) => `${letter}${at}`).join('\n');
    const start = performance.now();
    expect(counts(diffLines(many('a'), many('b')))).toEqual({ gone: 6_000, added: 6_000 });
    expect(performance.now() - start).toBeLessThan(1_500);
  });

  it('what is far from a change is hidden', () => {
    const shown = parts(diffLines(text('abcdefghijklm'), text('abcdefgXijklm')), 2);
    expect(shown.map((part) => ('lines' in part ? part.lines.map((line) => line.text).join('') : part.hidden.length))).toEqual([5, 'fghXij', 3]);
  });

  it('what is taken stands beside what is added', () => {
    expect(rowsOf(diffLines(text('abc'), text('axyc'))).map(({ left, right }) => `${left?.text ?? '.'}${right?.text ?? '.'}`)).toEqual(['aa', 'bx', '.y', 'cc']);
  });
});

describe('two texts made of a third', () => {
  it.each([
    ['only mine changed', 'abc', 'axc', 'abc', 'axc'],
    ['only theirs changed', 'abc', 'abc', 'abyc', 'abyc'],
    ['both, at different places', 'abcde', 'xbcde', 'abcdy', 'xbcdy'],
    ['both, alike', 'abc', 'axc', 'axc', 'axc'],
    ['both, one took what the other kept', 'abcde', 'abde', 'abcdex', 'abdex'],
  ])('%s', (_, base, mine, theirs, expected) => {
    const pieces = merge(text(base), text(mine), text(theirs));
    expect(conflicts(pieces)).toEqual([]);
    expect(joined(pieces, [])).toBe(text(expected));
  });

  it('both, at the same place: somebody decides', () => {
    const pieces = merge(text('abc'), text('axc'), text('ayc'));
    expect(conflicts(pieces)).toEqual([{ kind: 'conflict', base: ['b'], mine: ['x'], theirs: ['y'] }]);
    expect(joined(pieces, ['mine'])).toBe(text('axc'));
    expect(joined(pieces, ['theirs'])).toBe(text('ayc'));
    expect(joined(pieces, ['both'])).toBe(text('ayxc'));
  });
});
