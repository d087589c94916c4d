import { describe, expect, it } from 'vitest';
import type { CostSum } from '../../api/costs';
import type { BrokenGroup } from '../../api/answers';
import type { Owned } from '../../api/owners';
import { byCurrency, concerns, daily, ownersOf, successRate, usesSince, weeks } from './figures';

const sum = (some: Partial<CostSum>): CostSum => ({
  pipelineId: '', pipeline: '', task: '', asset: '', owner: '', unit: '', integration: '', since: '', currency: 'USD', estimated: '0', billed: '0', total: '0', entries: 1, ...some,
});

describe('a range of time is cut as the API takes it', () => {
  it('a day in one piece', () => expect(weeks('2026-01-01T00:00:00.000Z', '2026-01-02T00:00:00.000Z')).toHaveLength(1));
  it('thirty days in five, without a gap', () => {
    const pieces = weeks('2026-01-01T00:00:00.000Z', '2026-01-31T00:00:00.000Z');
    expect(pieces).toHaveLength(5);
    expect(pieces.slice(1).map((one) => one.from)).toEqual(pieces.slice(0, -1).map((one) => one.to));
    expect(pieces.at(-1)!.to).toBe('2026-01-31T00:00:00.000Z');
  });
});

describe('money', () => {
  it('of two currencies is never added', () => {
    expect(byCurrency([{ currency: 'EUR', micros: '5' }, { currency: 'USD', micros: '7' }, { currency: 'EUR', micros: '1' }])).toEqual([
      { currency: 'USD', micros: 7 },
      { currency: 'EUR', micros: 6 },
    ]);
  });
  it('what has no price is no money', () => expect(byCurrency([{ currency: '', micros: '' }])).toEqual([]));
  it('day by day, with days on which nothing was spent', () => {
    const sums = [sum({ since: '2026-01-01', total: '4' }), sum({ since: '2026-01-03', total: '6' }), sum({ since: '2026-01-02', total: '9', currency: 'EUR' })];
    expect(daily(sums, 'USD', '2026-01-01T10:00:00Z', '2026-01-03T09:00:00Z')).toEqual([4, 0, 6]);
  });
});

it('uses are counted from the first day on', () => {
  const day = Date.parse('2026-01-02T00:00:00Z') / 86_400_000;
  expect(usesSince([{ day: day - 1, uses: 5 }, { day, uses: 2 }, { day: day + 1, uses: 1 }], '2026-01-02T15:00:00Z')).toBe(3);
});

it('no run is no rate', () => {
  expect(successRate(0, 0)).toBeUndefined();
  expect(successRate(3, 1)).toBe(0.75);
});

describe('the filter by owner', () => {
  const owned: Owned[] = [{ id: 'o', alias: 'orders', owner: 'shop', taskOwners: ['ops'], labels: [], tags: [], schedules: [] }, { id: 'p', alias: 'plain', owner: '', taskOwners: [], labels: [], tags: [], schedules: [] }];
  const owners = ownersOf(owned, [sum({ pipeline: 'load', owner: 'data' }), sum({ pipeline: 'report', owner: 'finance' }), sum({ pipeline: '', owner: 'nobody' })]);
  const group = (pipelineAlias: string, reach: string[]) => ({ pipelineAlias, reach: { owners: reach } }) as unknown as BrokenGroup;
  it.each([
    ['nobody is chosen', group('load', []), '', true],
    ['their pipeline fails', group('load', []), 'data', true],
    ['what they answer for lies below', group('load', ['finance']), 'finance', true],
    ['their pipeline has cost nothing yet', group('orders', []), 'shop', true],
    ['a task of it is theirs', group('orders', []), 'ops', true],
    ['nobody answers for it', group('plain', []), 'shop', false],
    ['neither', group('load', []), 'finance', false],
    ['nothing is known of the pipeline', group('other', []), 'data', false],
  ])('%s', (_, one, owner, shown) => expect(concerns(one, owner, owners)).toBe(shown));
});
