import { describe, expect, it } from 'vitest';
import type { CostSum } from '../../../api/costs';
import { chart, currencies, days, totals } from './chart';

const sum = (owner: string, since: string, total: number, currency = 'EUR'): CostSum => ({
  pipelineId: '', pipeline: '', task: '', asset: '', owner, unit: '', integration: '', since, currency, estimated: '0', billed: String(total), total: String(total), entries: 1,
});

it('totals: the greatest first', () => {
  expect(totals([sum('a', '1', 5), sum('b', '1', 9), sum('a', '2', 5)], 'owner').map((one) => [one.name, one.total, one.entries])).toEqual([
    ['a', 10, 2],
    ['b', 9, 1],
  ]);
});
it('a task is named with its pipeline', () => {
  expect(totals([{ ...sum('', '1', 1), pipeline: 'shop', task: 'load' }], 'task')[0]!.name).toBe('shop / load');
});
it('days from the first to the last', () => {
  expect(days('2026-02-27T10:00:00Z', '2026-03-01T09:00:00Z')).toEqual(['2026-02-27', '2026-02-28', '2026-03-01']);
});
it('currencies are never added', () => {
  expect(currencies([sum('a', '1', 1, 'USD'), sum('a', '1', 1)])).toEqual(['EUR', 'USD']);
});

describe('bars', () => {
  it('each day has its groups, also where nothing was spent', () => {
    expect(chart([sum('a', '2026-03-01', 5), sum('b', '2026-03-02', 2)], 'owner', ['2026-03-01', '2026-03-02'])).toEqual({
      groups: ['a', 'b'],
      bars: [
        { day: '2026-03-01', values: [5, 0] },
        { day: '2026-03-02', values: [0, 2] },
      ],
    });
  });
  it('of many groups the smaller ones are one', () => {
    const many = Array.from({ length: 9 }, (_, at) => sum(`o${at}`, '2026-03-01', 100 - at));
    const { groups, bars } = chart(many, 'owner', ['2026-03-01']);
    expect(groups).toEqual(['o0', 'o1', 'o2', 'o3', 'o4', undefined]);
    expect(bars[0]!.values.at(-1)).toBe(95 + 94 + 93 + 92);
  });
});
