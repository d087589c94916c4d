import { describe, expect, it } from 'vitest';
import type { Role } from '../../../api/me';
import type { Login } from '../../../api/members';
import { found, ownLast, people, telling } from './people';

const login = (id: string, subject: string, some: Partial<Login> = {}): Login => ({
  id, subject, client: 'Downbeat console', grants: [{ role: 'VIEWER', labels: [] }], readOnly: false, beganAt: '2026-03-01T10:00:00Z', refreshedAt: null, expiresAt: '2026-03-31T10:00:00Z', ...some,
});
const all = [
  login('1', 'user:eve'),
  login('2', 'key:ci', { client: 'Orchestra CLI', readOnly: true }),
  login('3', 'user:ada', { grants: [{ role: 'EDITOR', labels: ['eu', 'us'] }], refreshedAt: '2026-03-01T12:00:00Z' }),
  login('4', 'user:ada', { grants: [{ role: 'EDITOR', labels: ['eu', 'us'] }, { role: 'VIEWER', labels: [] }], beganAt: '2026-03-02T08:00:00Z', readOnly: true }),
];

describe('people', () => {
  it('are made of their logins, by name', () => {
    expect(people(all).map((one) => [one.name, one.by, one.logins.map((each) => each.id).join(), one.grants.map((grant) => `${grant.role}${grant.readOnly ? ' reads' : ''}`).join()])).toEqual([
      ['ada', 'provider', '4,3', 'EDITOR,VIEWER reads'],
      ['ci', 'key', '2', 'VIEWER reads'],
      ['eve', 'provider', '1', 'VIEWER'],
    ]);
  });
  it('were seen when their tokens were last made, or when they came', () => {
    expect(people(all).map((one) => one.seenAt)).toEqual(['2026-03-02T08:00:00Z', '2026-03-01T10:00:00Z', '2026-03-01T10:00:00Z']);
  });
  it('of a key and of a person with the same name are two', () => {
    expect(people([login('1', 'user:ada'), login('2', 'key:ada')]).map((one) => one.subject)).toEqual(['key:ada', 'user:ada']);
  });
  it.each([
    ['', 'ada ci eve'],
    ['ADA', 'ada'],
    ['orchestra', 'ci'],
    ['editor eu', 'ada'],
    ['eu orchestra', ''],
    ['user:', 'ada eve'],
  ])('%j finds %j', (text, names) => {
    expect(found(people(all), text, (grant) => grant.role).map((one) => one.name).join(' ')).toBe(names);
  });
});

it.each([
  ['VIEWER: EDITOR:eu', 'VIEWER: EDITOR:eu'],
  ['ADMIN: VIEWER:', 'ADMIN:'],
  ['EDITOR: VIEWER:eu EDITOR:us', 'EDITOR:'],
  ['EDITOR:eu EDITOR:eu OPERATOR:us', 'EDITOR:eu OPERATOR:us'],
  ['ADMIN::reads VIEWER:', 'ADMIN::reads'],
  ['ADMIN::reads EDITOR:', 'EDITOR: ADMIN::reads'],
  ['ADMIN: ADMIN::reads EDITOR::reads', 'ADMIN:'],
  ['EDITOR::reads EDITOR:eu VIEWER:us', 'EDITOR:eu EDITOR::reads'],
  ['VIEWER::reads VIEWER:', 'VIEWER:'],
  ['', ''],
])('of the grants %j those that say something are %j', (given, expected) => {
  const read = (text: string) =>
    text.split(' ').filter(Boolean).map((one) => {
      const [role, labels, reads] = one.split(':');
      return { role: role as Role, labels: labels!.split(',').filter(Boolean), readOnly: reads === 'reads' };
    });
  expect(telling(read(given).map(({ readOnly, ...grant }) => ({ readOnly, grants: [grant] })))).toEqual(read(expected));
});

it('one’s own login ends last', () => {
  expect(ownLast([...all], '2')).toEqual(['1', '3', '4', '2']);
  expect(ownLast([...all], undefined)).toEqual(['1', '2', '3', '4']);
});
