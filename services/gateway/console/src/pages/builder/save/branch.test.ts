import { describe, expect, it } from 'vitest';
import { aimed, newBranch, ownBranch, remember } from './branch';

describe('a commit', () => {
  it('to the branch that counts begins where the draft does, whatever was committed before', () => {
    remember('kept', 'main', 'mine of before');
    expect(aimed({ alias: 'kept', apart: false, branch: 'main', baseText: 'theirs' })).toEqual({ branch: 'main', baseYaml: 'theirs' });
  });
  it('to a branch of its own makes it, and the next one begins from what stands there then', () => {
    const asked = { alias: 'orders', apart: true, branch: 'downbeat/orders-1', baseText: 'base' };
    expect(aimed(asked)).toEqual({ branch: 'downbeat/orders-1', baseYaml: 'base', newBranch: true });
    remember('orders', 'downbeat/orders-1', 'first');
    expect(aimed(asked)).toEqual({ branch: 'downbeat/orders-1', baseYaml: 'first' });
    expect(aimed({ ...asked, alias: 'prices' }).newBranch).toBe(true);
    expect(aimed({ ...asked, branch: 'downbeat/orders-2' }).newBranch).toBe(true);
  });
  it('to the branch that counts, where one of its own was asked for, makes nothing', () => {
    expect(aimed({ alias: 'sly', apart: true, branch: 'main', baseText: 'base' })).toEqual({ branch: 'main', baseYaml: 'base', newBranch: true });
  });
  it('goes where the last one from here went', () => {
    expect(ownBranch('followed')).toBeUndefined();
    remember('followed', 'a', '1');
    remember('followed', 'b', '2');
    expect(ownBranch('followed')).toBe('b');
  });
});

it.each([
  ['daily_orders', '0a1b2c3d-0000', 'downbeat/daily-orders-0a1b2c3d'],
  ['_', 'ffffffff', 'downbeat/pipeline-ffffffff'],
  ['a'.repeat(255), '0a1b2c3d', `downbeat/${'a'.repeat(60)}-0a1b2c3d`],
])('a new branch of %s is called %s', (alias, drawn, name) => expect(newBranch(alias, drawn)).toBe(name));
