import { expect, it } from 'vitest';
import type { ApiKey } from '../../../api/keys';
import { goodLabel, greatest, labelsOf, state } from './roles';

it('the greatest role counts', () => {
  expect(greatest([{ role: 'VIEWER', labels: [] }, { role: 'EDITOR', labels: ['eu'] }])).toBe('EDITOR');
});
it.each([
  ['finance, EU  us', ['finance', 'eu', 'us']],
  ['eu,eu', ['eu']],
  [' , ', []],
])('labels of %j', (text, expected) => expect(labelsOf(text)).toEqual(expected));
it.each([
  ['eu', true],
  ['a b', false],
  ['ä', false],
  ['x'.repeat(64), false],
])('%s is a label: %s', (label, expected) => expect(goodLabel(label)).toBe(expected));
it.each([
  ['2026-03-01T00:00:00Z', 'expired'],
  ['2026-03-05T00:00:00Z', 'soon'],
  ['2026-04-05T00:00:00Z', 'good'],
  [null, 'good'],
])('a key that ends at %s is %s', (expiresAt, expected) => expect(state({ expiresAt } as ApiKey, Date.parse('2026-03-02T00:00:00Z'))).toBe(expected));
