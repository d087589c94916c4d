import { describe, expect, it } from 'vitest';
import { fill } from './format';

describe('a message is filled', () => {
  const runs = '{count, plural, one {# run of {who}} other {# runs of {who}}}';
  const cases: [string, string, Record<string, string | number>, string, string][] = [
    ['text alone', 'Nothing is broken', {}, 'en', 'Nothing is broken'],
    ['names', '{a} before {b}', { a: 'x', b: 'y' }, 'en', 'x before y'],
    ['numbers as the language writes them', '{n} rows', { n: 1234567 }, 'en', '1,234,567 rows'],
    ['one', runs, { count: 1, who: 'eu' }, 'en', '1 run of eu'],
    ['many', runs, { count: 2000, who: 'eu' }, 'en', '2,000 runs of eu'],
    ['none', '{count, plural, =0 {no run} other {#}}', { count: 0 }, 'en', 'no run'],
    ['Korean has one form', '{count, plural, other {실행 #건}}', { count: 1 }, 'ko', '실행 1건'],
    ['what is missing stays visible', 'of {who}', {}, 'en', 'of {who}'],
  ];
  it.each(cases)('%s', (_, message, values, language, expected) => {
    expect(fill(message, values, language)).toBe(expected);
  });

  it('a brace that is never closed is a mistake of ours and is told', () => {
    expect(() => fill('a {b', {}, 'en')).toThrow('a brace is open');
  });
});
