import { describe, expect, it } from 'vitest';
import type { Owned } from '../../api/owners';
import type { Pipeline } from '../../api/pipelines';
import { wanted, type Wanted } from './list';

const pipeline = (alias: string, some: Partial<Pipeline> = {}) => ({ id: alias, alias, name: alias.toUpperCase(), publishedVersionNumber: 1, paused: false, ...some }) as Pipeline;
const all = [
  pipeline('load_orders', { latestRunStatus: 'FAILED' }),
  pipeline('report', { paused: true, latestRunStatus: 'SUCCEEDED' }),
  pipeline('sketch', { publishedVersionNumber: null, latestRunStatus: 'RUNNING' }),
];
const one = (alias: string, owner: string, labels: string[], tags: string[] = []): [string, Owned] => [alias, { id: alias, alias, owner, taskOwners: [], labels, tags, schedules: [] }];
const owned = new Map([one('load_orders', 'data', ['core'], ['nightly']), one('report', 'finance', ['core'])]);

describe('pipelines are found', () => {
  it.each([
    ['all', {}, ['load_orders', 'report', 'sketch']],
    ['by part of a name', { text: 'ord' }, ['load_orders']],
    ['by every word, also of owner and tags', { text: 'core fin' }, ['report']],
    ['by owner', { owner: 'data' }, ['load_orders']],
    ['by label', { tag: 'core' }, ['load_orders', 'report']],
    ['by tag of a task', { tag: 'nightly' }, ['load_orders']],
    ['failing', { state: 'failing' }, ['load_orders']],
    ['running', { state: 'running' }, ['sketch']],
    ['paused', { state: 'paused' }, ['report']],
    ['drafts', { state: 'draft' }, ['sketch']],
    ['none', { text: 'core', state: 'draft' }, []],
  ] as [string, Partial<Wanted>, string[]][])('%s', (_, some, expected) => {
    expect(wanted(all, owned, { text: '', owner: '', tag: '', state: '', ...some }).map((one) => one.alias)).toEqual(expected);
  });
});
