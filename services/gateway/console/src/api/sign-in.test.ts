import { describe, expect, it } from 'vitest';
import { base64url, challenge, safeNext } from './sign-in';

describe('signing in', () => {
  it('makes the challenge as RFC 7636 shows it', async () => {
    expect(await challenge('dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk')).toBe('E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM');
  });
  it('writes bytes as URLs may hold them', () => {
    expect(base64url(new Uint8Array([251, 255, 190, 1]))).toBe('-_--AQ');
  });
  it.each([
    ['/runs?status=FAILED', '/runs?status=FAILED'],
    [null, '/'],
    ['//evil.example', '/'],
    ['/\\evil.example', '/'],
    ['https://evil.example', '/'],
    ['/signed-in?code=1', '/'],
  ])('goes on at %s as %s', (given, expected) => expect(safeNext(given)).toBe(expected));
});
