import { describe, expect, it } from 'vitest';
import type { PipelineRun, SchedulePreview, Version } from '../../api/pipelines';
import { bars, firstFiring } from './cells';
import { compared } from './Versions';

it('the last runs are bars, the oldest first; one that goes on has taken until now', () => {
  const run = (id: string, startedAt: string | null, completedAt: string | null) => ({ id, startedAt, completedAt, runStatus: 'RUNNING', createdAt: '2026-01-01T00:00:00Z' }) as PipelineRun;
  const now = Date.parse('2026-01-01T00:01:00Z');
  const shown = bars([run('new', '2026-01-01T00:00:30Z', null), run('queued', null, null), run('old', '2026-01-01T00:00:00Z', '2026-01-01T00:00:05Z')], now);
  expect(shown.map(({ id, ms }) => [id, ms])).toEqual([['old', 5000], ['queued', undefined], ['new', 30000]]);
});

it('the next firing is the first of all schedules that are not paused', () => {
  const preview = (instant: string, paused = false) => ({ paused, firings: [{ instant }] }) as SchedulePreview;
  expect(firstFiring([preview('2026-01-03T00:00:00Z'), preview('2026-01-01T00:00:00Z', true), preview('2026-01-02T00:00:00Z')])).toBe('2026-01-02T00:00:00Z');
  expect(firstFiring([])).toBeUndefined();
});

describe('two versions are compared', () => {
  const versions = [3, 2, 1].map((version) => ({ version }) as Version);
  it.each([
    ['the newest with the one before', null, null, { from: 2, to: 3 }],
    ['one with the one before it', null, '2', { from: 1, to: 2 }],
    ['any two', '1', '3', { from: 1, to: 3 }],
    ['the first with nothing', null, '1', { from: undefined, to: 1 }],
    ['versions that are not there count as not named', '9', '8', { from: 2, to: 3 }],
  ] as const)('%s', (_, from, to, expected) => expect(compared(versions, from, to)).toEqual(expected));
});
