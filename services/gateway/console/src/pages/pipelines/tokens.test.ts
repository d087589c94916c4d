import { describe, expect, it } from 'vitest';
import { tokens } from './tokens';

const of = (line: string) => tokens(line)[0]!.map((one) => `${one.kind}:${one.text}`);

describe('a line of YAML', () => {
  it.each([
    ['version: v1', ['key:version', 'mark::', 'plain: v1']],
    ['# about', ['comment:# about']],
    ['a: 1 # one', ['key:a', 'mark::', 'number: 1 ', 'comment:# one']],
    ["url: 'a#b'", ['key:url', 'mark::', "text: 'a#b'"]],
    ['  - name: x', ['mark:  - ', 'key:name', 'mark::', 'plain: x']],
    ['on: true', ['key:on', 'mark::', 'word: true']],
    ['a: ${{ inputs.x }} b', ['key:a', 'mark::', 'plain: ', 'template:${{ inputs.x }}', 'plain: b']],
    ['base: &base', ['key:base', 'mark::', 'mark: &base']],
    ['"a: b": c', ['key:"a: b"', 'mark::', 'plain: c']],
    ['at: 12:30', ['key:at', 'mark::', 'plain: 12:30']],
  ])('%s', (line, expected) => expect(of(line)).toEqual(expected));
});

it('a block of text is text until it ends, whatever it looks like', () => {
  const kinds = tokens('code: |\n  a: 1 # no comment\n\n  b\nnext: 2').map((line) => line.map((one) => one.kind).join(' '));
  expect(kinds).toEqual(['key mark mark', 'text', '', 'text', 'key mark number']);
});

it('nothing of the text is lost', () => {
  const text = 'a: {b: [1, "x # y"], c: \'it\'\'s\'} # end\n- - 3\n-\n ? weird\n%TAG\n\t: :\n"open';
  expect(tokens(text).map((line) => line.map((one) => one.text).join('')).join('\n')).toBe(text);
});
