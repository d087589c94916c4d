/** What roles may, and how keys are told by them. Pure. */
import type { ApiKey, Grant } from '../../../api/keys';
import type { Role } from '../../../api/me';

export const ROLES: Role[] = ['VIEWER', 'OPERATOR', 'EDITOR', 'ADMIN'];

/** The greatest role among grants: by it a list is ordered. */
export const greatest = (grants: Grant[]): Role => ROLES[Math.max(0, ...grants.map((grant) => ROLES.indexOf(grant.role)))]!;

/** Labels as somebody types them: separated by commas or blanks, each once. */
export const labelsOf = (text: string): string[] => [...new Set(text.toLowerCase().split(/[\s,]+/).filter(Boolean))];

export const goodLabel = (label: string): boolean => /^[a-z0-9._-]{1,63}$/.test(label);

/** A day as it ends, `days` from `now` on. */
export const endOf = (days: number, now: number): string => new Date(now + days * 86_400_000).toISOString();

export function state(key: ApiKey, now: number): 'good' | 'soon' | 'expired' {
  if (!key.expiresAt) return 'good';
  const left = new Date(key.expiresAt).getTime() - now;
  return left <= 0 ? 'expired' : left < 7 * 86_400_000 ? 'soon' : 'good';
}
