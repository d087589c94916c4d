/** What the editor does beside CodeMirror: new lines, and the places of what the server says. */
import { describe, expect, it } from 'vitest';
import type { Diagnostic } from '../../../api/source';
import { placed, suggested } from './lint';
import { indentAfter } from './newline';

describe('a new line begins at', () => {
  it.each([
    ['pipeline:', 2],
    ['  load: # by night', 4],
    ['  name: Load', 2],
    ['    code: |', 6],
    ['  - cron: 0 8 ? * * *', 4],
    ['  - name:', 6],
    ['    - a', 4],
    ['      print("x")', 6],
    ['', 0],
    ['  # why:', 2],
  ])('%s: %i', (before, expected) => expect(indentAfter(before)).toBe(expected));
});

describe('what the server says', () => {
  const said = (line: number, column: number, endLine: number, endColumn: number, help: string | null = null): Diagnostic => ({ code: 'DB1004', severity: 'ERROR', message: 'unknown key', help, path: '', line, column, endLine, endColumn });
  it('stands at its characters, whatever they need in memory', () => {
    const text = 'name: 📈 매출\nnmae: x\n';
    const [first, second] = placed(text, [said(1, 9, 1, 11), said(2, 1, 2, 5, 'did you mean `name`?')]);
    expect(text.slice(first!.from, first!.to)).toBe('매출');
    expect(second!.fix).toEqual({ from: 12, to: 16, insert: 'name' });
  });
  it('stands inside the text, even if that has become shorter', () => expect(placed('a', [said(9, 9, 9, 12)])[0]).toMatchObject({ from: 1, to: 1 }));
  it('quotes stay where one word is written for another', () => expect(placed("k: 'HTP'\n", [said(1, 4, 1, 9, 'did you mean `HTTP`?')])[0]!.fix!.insert).toBe("'HTTP'"));
  it.each([
    ['did you mean `name`?', 'name'],
    ['use `a` or `b`', undefined],
    ['it takes `a`', undefined],
    [null, undefined],
  ])('%s: one word is %s', (help, expected) => expect(suggested(help)).toBe(expected));
});
