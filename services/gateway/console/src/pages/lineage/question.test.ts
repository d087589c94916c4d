import { describe, expect, it } from 'vitest';
import { instantOf, readQuestion, wallOf } from './question';

const read = (text: string) => readQuestion(new URLSearchParams(text));

describe('the URL of a lineage', () => {
  it('nothing is three steps each way, of assets, now', () => {
    expect(read('')).toMatchObject({ mode: 'lineage', up: 3, down: 3, columns: false, at: '', opened: [] });
  });
  it.each([
    ['up=0&down=10', { up: 0, down: 10 }],
    ['up=7', { up: 3 }],
    ['mode=impact&asset=a%2Fb', { mode: 'impact', asset: 'a/b' }],
    ['mode=other', { mode: 'lineage' }],
    ['column=id', { columns: true, column: 'id' }],
    ['level=columns', { columns: true, column: '' }],
    ['open=a&open=b', { opened: ['a', 'b'] }],
    ['at=2026-03-01T00:00:00%2B01:00', { at: '2026-02-28T23:00:00.000Z' }],
    ['at=yesterday', { at: '' }],
  ])('%s', (text, expected) => expect(read(text)).toMatchObject(expected));
});

describe('the wall clock of a zone', () => {
  it.each([
    ['2026-03-01T12:30', 'UTC', '2026-03-01T12:30:00.000Z'],
    ['2026-03-01T12:30', 'Asia/Seoul', '2026-03-01T03:30:00.000Z'],
    ['2026-07-01T12:30', 'Europe/Berlin', '2026-07-01T10:30:00.000Z'],
    ['2026-03-29T03:30', 'Europe/Berlin', '2026-03-29T01:30:00.000Z'],
    ['nothing', 'UTC', undefined],
  ])('%s in %s is %s', (wall, zone, expected) => expect(instantOf(wall, zone)).toBe(expected));
  it('is read as it is written', () => {
    expect(wallOf('2026-03-01T03:30:00Z', 'Asia/Seoul')).toBe('2026-03-01T12:30');
  });
});
