import { describe, expect, it } from 'vitest';
import { ansi, plain } from './ansi';
import { appended, cut, EMPTY, hits, linesOf } from './log';

const ESC = '\u001b';

describe('colours of terminals', () => {
  it.each([
    ['plain', 'plain', [{ text: 'plain' }]],
    ['one colour', `${ESC}[32mok${ESC}[0m done`, [{ text: 'ok', colour: 2 }, { text: ' done' }]],
    ['bold and bright', `${ESC}[1;91mbad`, [{ text: 'bad', bold: true, colour: 9 }]],
    ['of 256', `${ESC}[38;5;196mred`, [{ text: 'red', colour: 9 }]],
    ['true colour is the text\'s own', `${ESC}[38;2;1;2;3mx`, [{ text: 'x' }]],
    ['back to normal by nothing', `${ESC}[4mu${ESC}[mn`, [{ text: 'u', underline: true }, { text: 'n' }]],
    ['moves and titles are taken out', `${ESC}[2K${ESC}[1Ga${ESC}]0;title\u0007b`, [{ text: 'a' }, { text: 'b' }]],
    ['a title without an end', `a${ESC}]0;title`, [{ text: 'a' }]],
    ['the last writing of a line', '10 %\r20 %\r30 %', [{ text: '30 %' }]],
    ['a line end of others', 'text\r', [{ text: 'text' }]],
    ['markup stays text', '<b onclick=x>', [{ text: '<b onclick=x>' }]],
    ['nothing', '', []],
  ])('%s', (_, line, pieces) => {
    expect(ansi(line).pieces.map((piece) => JSON.parse(JSON.stringify(piece)))).toEqual(pieces);
  });
  it('go on into the next line', () => {
    const first = ansi(`${ESC}[31mbegins`);
    expect(ansi('goes on', first.style).pieces).toEqual([{ text: 'goes on', colour: 1 }]);
  });
  it('are not part of what is searched', () => {
    expect(plain(`${ESC}[31mre${ESC}[0md`)).toBe('red');
  });
  it('take a hostile line in time', () => {
    const began = performance.now();
    ansi(`${ESC}]`.repeat(50_000));
    ansi(`${ESC}[${'1;'.repeat(50_000)}`);
    expect(performance.now() - began).toBeLessThan(1_000);
  });
});

describe('a log that comes in pieces', () => {
  it('is cut into lines, whatever the pieces', () => {
    const text = 'one\ntwo\n\nthree';
    for (let at = 0; at <= text.length; at++) {
      expect(linesOf(appended(appended(EMPTY, text.slice(0, at)), text.slice(at))).lines).toEqual(['one', 'two', '', 'three']);
    }
  });
  it('knows the style that each line begins with', () => {
    const log = appended(EMPTY, `${ESC}[31mred\nstill${ESC}[0m\nnone\n`);
    expect(log.styles).toEqual([{}, { colour: 1 }, {}]);
  });
  it('keeps the last lines of very many, and says how many are gone', () => {
    const log = appended(EMPTY, Array.from({ length: 10 }, (_, at) => `${at}\n`).join(''), 4);
    expect([log.lines, log.gone, log.styles.length]).toEqual([['6', '7', '8', '9'], 6, 4]);
  });
  it('is searched without its colours', () => {
    expect(hits(['none', `E${ESC}[31mrr${ESC}[0mor`, 'error'], 'ERROR')).toEqual([1, 2]);
    expect(hits(['a'], '')).toEqual([]);
  });
  it.each([
    ['an error, an Error', 'error', ['an ', 'error', ', an ', 'Error', '']],
    ['nothing', 'x', ['nothing']],
    ['a', '', ['a']],
    ['İx', 'x', ['İx']],
  ])('is cut at what is found: %j', (text, sought, pieces) => {
    expect(cut(text, sought)).toEqual(pieces);
  });
});
