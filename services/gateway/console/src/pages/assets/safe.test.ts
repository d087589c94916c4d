import { expect, it } from 'vitest';
import { safeLink } from './safe';

it.each([
  ['https://bi.example.com/sales', 'https://bi.example.com/sales'],
  ['http://localhost:3000', 'http://localhost:3000'],
  ['javascript:alert(1)', undefined],
  [' JaVaScRiPt:alert(1)', undefined],
  ['data:text/html,x', undefined],
  ['not an address', undefined],
  [null, undefined],
])('%s as a link is %s', (text, expected) => expect(safeLink(text)).toBe(expected));
