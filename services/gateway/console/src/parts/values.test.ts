import { describe, expect, it } from 'vitest';
import { bytesText, durationText, exactTime, listText, moneyText, percentText, relativeTime, shortTime } from './values';

const NOW = '2026-03-01T12:00:00Z';

describe('instants', () => {
  it.each([
    ['2026-03-01T11:59:55Z', 'now'],
    ['2026-03-01T11:59:15Z', '45 sec. ago'],
    ['2026-03-01T11:57:00Z', '3 min. ago'],
    ['2026-03-01T14:00:00Z', 'in 2 hr.'],
    ['2026-02-27T12:00:00Z', '2 days ago'],
    ['2025-12-31T23:00:00Z', 'Jan 1, 08:00'],
  ])('%s is %s', (instant, expected) => expect(relativeTime(instant, NOW, 'en', 'Asia/Seoul')).toBe(expected));

  it('the zone is said', () => {
    expect(exactTime('2026-03-01T11:57:00Z', 'Asia/Seoul', 'en')).toContain('20:57:00');
  });
  it('another year is said', () => {
    expect(shortTime('2024-03-01T00:00:00Z', NOW, 'UTC', 'en')).toBe('Mar 1, 2024, 00:00');
  });
});

describe('durations', () => {
  it.each([
    [0, '0 ms'],
    [840, '840 ms'],
    [4_230, '4.2 s'],
    [59_900, '59 s'],
    [185_000, '3 m 05 s'],
    [7_800_000, '2 h 10 m'],
    [274_000_000, '3 d 4 h'],
    [-5, '0 ms'],
  ])('%d is %s', (given, expected) => expect(durationText(given, 'en')).toBe(expected));
  it.each([
    [840, '840 ms'],
    [4_230, '4.2초'],
    [185_000, '3분 05초'],
    [7_800_000, '2시간 10분'],
    [274_000_000, '3일 4시간'],
  ])('in Korean, %d is %s', (given, expected) => expect(durationText(given, 'ko')).toBe(expected));
});

describe('amounts', () => {
  it.each([
    ['12.5', 'EUR', '€12.50'],
    ['0.000412', 'USD', '$0.000412'],
    ['1234.567', 'USD', '$1,234.57'],
    ['3', 'CREDITS', '3 CREDITS'],
  ])('%s %s is %s', (amount, currency, expected) => expect(moneyText(amount, currency, 'en')).toBe(expected));
  it.each([
    [0, '0 B'],
    [1536, '1.5 KiB'],
    [250 * 1024 * 1024, '250 MiB'],
  ])('%d is %s', (bytes, expected) => expect(bytesText(bytes, 'en')).toBe(expected));
  it('nearly all is not all', () => {
    expect(percentText(0.9984, 'en')).toBe('99.8%');
    expect(percentText(1, 'en')).toBe('100%');
  });
});

it('a list says how much more there is', () => {
  expect(listText(['a', 'b', 'c', 'd', 'e'], 3, 'en')).toBe('a, b, c, and 2 more');
});
