import { describe, expect, it } from 'vitest';
import { readScope } from './scope';

const NOW = Date.parse('2026-03-01T12:00:30Z');
const read = (query: string) => readScope(new URLSearchParams(query), NOW, '24h');

describe('the scope of a URL', () => {
  it.each([
    ['', '24h', '2026-02-28T12:01:00.000Z', '2026-03-01T12:01:00.000Z'],
    ['range=7d', '7d', '2026-02-22T12:01:00.000Z', '2026-03-01T12:01:00.000Z'],
    ['range=toString', '24h', '2026-02-28T12:01:00.000Z', '2026-03-01T12:01:00.000Z'],
    ['from=2026-01-01T00:00:00Z&to=2026-01-02T00:00:00Z&range=7d', undefined, '2026-01-01T00:00:00.000Z', '2026-01-02T00:00:00.000Z'],
    ['from=2026-01-02T00:00:00Z&to=2026-01-01T00:00:00Z', '24h', '2026-02-28T12:01:00.000Z', '2026-03-01T12:01:00.000Z'],
  ])('%s', (query, range, from, to) => expect(read(query)).toEqual({ range, from, to, owner: '' }));
  it('names an owner', () => expect(read('owner=finance').owner).toBe('finance'));
});
