import { describe, expect, it } from 'vitest';
import { denied, type Me } from './me';

const me = (some: Partial<Me>): Me => ({
  accountId: 'a', accountName: 'A', name: 'n', kind: 'key', role: 'EDITOR', labels: [], readOnly: false, loginId: null, keyId: null, expiresAt: null, ...some,
});

describe('what somebody may do', () => {
  it.each([
    ['an editor starts', me({}), 'OPERATOR', false, true],
    ['an editor edits', me({}), 'EDITOR', true, true],
    ['an editor makes no keys', me({}), 'ADMIN', false, false],
    ['a viewer reads', me({ role: 'VIEWER' }), 'VIEWER', false, true],
    ['who only reads does nothing else, whatever the role', me({ role: 'ADMIN', readOnly: true }), 'OPERATOR', false, false],
    ['a label is not the account', me({ labels: ['eu'] }), 'EDITOR', true, false],
    ['a label is enough for its pipelines', me({ labels: ['eu'] }), 'EDITOR', false, true],
    ['who has no role does nothing', me({ role: null }), 'VIEWER', false, false],
    ['nobody does nothing', undefined, 'VIEWER', false, false],
  ] as const)('%s', (_, who, role, whole, may) => expect(denied(who as Me | undefined, role, whole) === undefined).toBe(may));
});
