import { describe, expect, it } from 'vitest';
import { denied, type Me } from './me';

const me = (grants: Me['grants'], some: Partial<Me> = {}): Me => ({
  accountId: 'a', accountName: 'A', name: 'n', kind: 'key', role: grants[0]?.role ?? null, labels: [], readOnly: false, loginId: null, keyId: null, expiresAt: null, grants, ...some,
});
const editor = me([{ role: 'EDITOR', labels: [] }]);
const ofEu = me([{ role: 'EDITOR', labels: ['eu', 'us'] }]);
const mixed = me([{ role: 'ADMIN', labels: ['eu'] }, { role: 'OPERATOR', labels: [] }]);

describe('what somebody may do', () => {
  it.each([
    ['an editor starts', editor, 'OPERATOR', 'anything', true],
    ['an editor edits', editor, 'EDITOR', 'account', true],
    ['an editor makes no keys', editor, 'ADMIN', 'anything', false],
    ['a viewer reads', me([{ role: 'VIEWER', labels: [] }]), 'VIEWER', 'account', true],
    ['who only reads does nothing else, whatever the role', me([{ role: 'ADMIN', labels: [] }], { readOnly: true }), 'OPERATOR', 'anything', false],
    ['a label is not the account', ofEu, 'EDITOR', 'account', false],
    ['a label is enough for something', ofEu, 'EDITOR', 'anything', true],
    ['a label is enough for its pipelines', ofEu, 'EDITOR', ['core', 'us'], true],
    ['a label is nothing for other pipelines', ofEu, 'EDITOR', ['core'], false],
    ['a label is nothing for pipelines without one', ofEu, 'VIEWER', [], false],
    ['the lower of two roles holds where the higher one does not', mixed, 'OPERATOR', 'account', true],
    ['and for every pipeline', mixed, 'OPERATOR', [], true],
    ['the higher one holds where it is bound to', mixed, 'EDITOR', ['eu'], true],
    ['and nowhere else', mixed, 'EDITOR', ['us'], false],
    ['who has no role does nothing', me([]), 'VIEWER', 'anything', false],
    ['nobody does nothing', undefined, 'VIEWER', 'anything', false],
  ] as const)('%s', (_, who, role, where, may) => expect(denied(who as Me | undefined, role, where) === undefined).toBe(may));

  it.each([
    ['account', 'This needs the role Editor for the whole account; you have it for these labels: eu, us.'],
    [['core'], 'You have the role Editor only for pipelines with one of these labels: eu, us.'],
  ] as const)('and why not: %s', (where, why) => expect(denied(ofEu, 'EDITOR', where)).toBe(why));
});
