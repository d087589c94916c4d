import { afterEach, describe, expect, it, vi } from 'vitest';
import { address, send } from './client';

describe('an address', () => {
  it.each([
    ['nothing is asked', {}, '/api/engine/public/now'],
    ['what is absent is left out', { a: undefined, b: null, c: '', d: [] }, '/api/engine/public/now'],
    ['zero and false are said', { a: 0, b: false }, '/api/engine/public/now?a=0&b=false'],
    ['lists are joined', { status: ['FAILED', 'WARNING'] }, '/api/engine/public/now?status=FAILED%2CWARNING'],
    ['values are escaped', { q: 'a&b=c' }, '/api/engine/public/now?q=a%26b%3Dc'],
  ])('%s', (_, query, expected) => expect(address('/now', query)).toBe(expected));
});

describe('a reason', () => {
  afterEach(() => vi.unstubAllGlobals());
  const sent = async (reason: string | undefined) => {
    const fetched = vi.fn(async (_: string, asked: RequestInit) => new Response(JSON.stringify(asked.headers)));
    vi.stubGlobal('fetch', fetched);
    return (await (await send('POST', '/pools/x', { reason })).json()) as Record<string, string>;
  };
  it('goes along as bytes of UTF-8, whatever its script', async () => {
    const header = (await sent('  비용이 너무 높음 '))['downbeat-reason-bin']!;
    expect(Buffer.from(header, 'base64').toString('utf8')).toBe('비용이 너무 높음');
  });
  it.each([undefined, '', '  '])('that is none (%j) is not sent', async (none) => {
    expect(await sent(none)).not.toHaveProperty('downbeat-reason-bin');
  });
});
