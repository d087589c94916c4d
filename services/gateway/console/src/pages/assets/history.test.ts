import { describe, expect, it } from 'vitest';
import type { AssetTest, Operation } from '../../api/assets';
import { byTest, daily, growth, passed } from './history';

const result = (name: string, status: string, column: string | null = null): AssetTest => ({
  name, status, column, failures: null, message: null, severity: null, expected: null, actual: null, runId: '', pipelineId: '', task: '', at: '', since: '',
});

describe('results are told by test', () => {
  const tests = byTest([result('unique', 'SUCCEEDED', 'id'), result('range', 'FAILED'), result('unique', 'FAILED', 'id'), result('unique', 'WARNING', 'name')]);
  it('what fails comes first, then what warns', () => {
    expect(tests.map((test) => [test.name, test.column, test.latest.status])).toEqual([
      ['range', null, 'FAILED'],
      ['unique', 'name', 'WARNING'],
      ['unique', 'id', 'SUCCEEDED'],
    ]);
  });
  it('each keeps its results, the newest first', () => {
    expect(tests[2]!.results.map((one) => one.status)).toEqual(['SUCCEEDED', 'FAILED']);
  });
  it.each([
    [[], undefined],
    [[result('a', 'SUCCEEDED'), result('a', 'FAILED')], 0.5],
    [[result('a', 'PASSED')], 1],
  ])('part that passed', (results, expected) => expect(passed(results)).toBe(expected));
});

it('rows over time: oldest first, without those that nobody counted', () => {
  const operation = (id: string, rowsAffected: number | null) => ({ id, insertedAt: id, rowsAffected }) as Operation;
  expect(growth([operation('3', 30), operation('2', null), operation('1', -1), operation('0', 0)])).toEqual([
    { id: '0', at: '0', rows: 0 },
    { id: '3', at: '3', rows: 30 },
  ]);
});

it('use by day: days without use are there as well, and today is the last', () => {
  expect(daily([{ day: 2, uses: 5 }, { day: 0, uses: 9 }], 3, 3 * 86_400_000 + 5)).toEqual([
    { day: '1970-01-02', uses: 0 },
    { day: '1970-01-03', uses: 5 },
    { day: '1970-01-04', uses: 0 },
  ]);
});
