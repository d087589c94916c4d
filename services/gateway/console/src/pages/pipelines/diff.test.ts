import { describe, expect, it } from 'vitest';
import { counts, diffLines, hunks, sideBySide } from './diff';

const shown = (before: string, after: string) =>
  diffLines(before, after).map((line) => ({ same: ' ', gone: '-', new: '+' })[line.kind] + line.text);
/** Whatever was said to be the same or new is what stands there now, and the same with what was before. */
const holds = (before: string, after: string) => {
  const lines = diffLines(before, after);
  expect(lines.filter((line) => line.kind !== 'new').map((line) => line.text).join('\n')).toBe(before);
  expect(lines.filter((line) => line.kind !== 'gone').map((line) => line.text).join('\n')).toBe(after);
};

describe('two texts', () => {
  it.each([
    ['are the same', 'a\nb', 'a\nb', [' a', ' b']],
    ['a line is new', 'a\nc', 'a\nb\nc', [' a', '+b', ' c']],
    ['a line is gone', 'a\nb\nc', 'a\nc', [' a', '-b', ' c']],
    ['a line is another', 'a\nb\nc', 'a\nx\nc', [' a', '-b', '+x', ' c']],
    ['nothing is the same', 'a', 'b', ['-a', '+b']],
    ['the paper\'s example', 'a\nb\nc\na\nb\nb\na', 'c\nb\na\nb\na\nc', ['-a', '-b', ' c', '+b', ' a', ' b', '-b', ' a', '+c']],
  ])('%s', (_, before, after, expected) => expect(shown(before, after)).toEqual(expected));

  it('both can be made of what is shown, whatever they are', () => {
    // A fixed sequence that looks like chance (a linear congruential generator), so that a failure comes again.
    let seed = 7;
    const next = (below: number) => (seed = (seed * 1103515245 + 12345) % 2 ** 31) % below;
    for (let round = 0; round < 300; round++) {
      const text = () => Array.from({ length: next(12) }, () => 'abc'[next(3)]!).join('\n');
      holds(text(), text());
    }
  });
  it('also if they are long and have nothing in common', () => {
    const of = (letter: string) => Array.from({ length: 3000 }, (_, at) => `${letter}${at}`).join('\n');
    holds(of('a'), of('b'));
  });
  it('lines have their numbers', () => {
    expect(diffLines('a\nb', 'x\na\nb')).toEqual([
      { kind: 'new', text: 'x', after: 1 },
      { kind: 'same', text: 'a', before: 1, after: 2 },
      { kind: 'same', text: 'b', before: 2, after: 3 },
    ]);
  });
});

it('only what is near a change is shown', () => {
  const many = Array.from({ length: 20 }, (_, at) => `line ${at}`);
  const after = many.with(10, 'changed');
  expect(hunks(diffLines(many.join('\n'), after.join('\n'))).map((hunk) => ('skipped' in hunk ? hunk.skipped : hunk.lines.length))).toEqual([7, 8, 6]);
});

it('side by side, what is gone stands next to what is new', () => {
  const pairs = sideBySide(diffLines('a\nb\nc', 'a\nx\ny\nc'));
  expect(pairs.map(({ left, right }) => [left?.text, right?.text])).toEqual([['a', 'a'], ['b', 'x'], [undefined, 'y'], ['c', 'c']]);
});

it('changes are counted', () => expect(counts(diffLines('a\nb', 'a\nx\ny'))).toEqual({ gone: 1, added: 2 }));
