/** Who is signed in, and what they may do. What a role may not do is not offered; the API refuses it anyway. */
import { useQuery } from '@tanstack/react-query';
import { t } from '../i18n';
import { get } from './client';

export type Role = 'VIEWER' | 'OPERATOR' | 'EDITOR' | 'ADMIN';
export interface Me {
  accountId: string;
  accountName: string;
  name: string;
  kind: 'key' | 'login';
  /** Of a session of this console: its login. */
  loginId: string | null;
  /** The key that it is, or that the login stands for. */
  keyId: string | null;
  /** The most that they may do anywhere; null = nothing. */
  role: Role | null;
  /** Empty: for the whole account. */
  labels: string[];
  readOnly: boolean;
  expiresAt: string | null;
  /** All of what they may. */
  grants: { role: Role; labels: string[] }[];
}
/** Where a role has to hold: for the whole account, for a pipeline with these labels, or for anything at all. */
export type Where = 'account' | 'anything' | readonly string[];

const ORDER: Role[] = ['VIEWER', 'OPERATOR', 'EDITOR', 'ADMIN'];

const rank = (role: Role | null) => (role === null ? -1 : ORDER.indexOf(role));

export const roleName = (role: Role | null): string => t(role === null ? 'shell.role.none' : `shell.role.${role}`);

/** Why `me` may not do what needs `role` there, or undefined if they may. The gateway judges grants in the same way. */
export function denied(me: Me | undefined, role: Role, where: Where): string | undefined {
  if (!me) return t('shell.denied.unknown');
  if (me.readOnly && role !== 'VIEWER') return t('shell.denied.reads');
  const enough = me.grants.filter((grant) => rank(grant.role) >= rank(role));
  if (enough.length === 0) return t('shell.denied.role', { role: roleName(role), yours: roleName(me.role) });
  if (where === 'anything' || enough.some((grant) => grant.labels.length === 0)) return undefined;
  const labels = [...new Set(enough.flatMap((grant) => grant.labels))];
  if (where !== 'account' && where.some((label) => labels.includes(label))) return undefined;
  return t(where === 'account' ? 'shell.denied.account' : 'shell.denied.pipeline', { role: roleName(role), labels: labels.join(', ') });
}

export const useMe = () => useQuery({ queryKey: ['me'], queryFn: ({ signal }) => get<Me>('/me', {}, signal), staleTime: 60_000 });

/** Why whoever is signed in may not do it, or undefined if they may. */
export function useDenied(role: Role, where: Where): string | undefined {
  return denied(useMe().data, role, where);
}
