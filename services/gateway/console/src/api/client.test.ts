import { describe, expect, it } from 'vitest';
import { address } from './client';

describe('an address', () => {
  it.each([
    ['nothing is asked', {}, '/api/engine/public/now'],
    ['what is absent is left out', { a: undefined, b: null, c: '', d: [] }, '/api/engine/public/now'],
    ['zero and false are said', { a: 0, b: false }, '/api/engine/public/now?a=0&b=false'],
    ['lists are joined', { status: ['FAILED', 'WARNING'] }, '/api/engine/public/now?status=FAILED%2CWARNING'],
    ['values are escaped', { q: 'a&b=c' }, '/api/engine/public/now?q=a%26b%3Dc'],
  ])('%s', (_, query, expected) => expect(address('/now', query)).toBe(expected));
});
