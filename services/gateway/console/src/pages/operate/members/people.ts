/** People, made of their logins: Downbeat keeps no list of them. Pure. */
import type { Grant } from '../../../api/keys';
import type { Login } from '../../../api/members';
import { ROLES } from '../keys/roles';

/** A role, and whether only logins that read have it. */
export interface Held extends Grant {
  readOnly: boolean;
}
export interface Person {
  /** As the log has them: `user:ada`. */
  subject: string;
  name: string;
  /** How they show who they are. */
  by: 'provider' | 'key';
  /** What their logins may together. */
  grants: Held[];
  /** The newest first. */
  logins: Login[];
  /** When tokens were last made for any of them. */
  seenAt: string | undefined;
}

/** Without `user:` or `key:`. */
export const nameOf = (subject: string): string => subject.slice(subject.indexOf(':') + 1);

/** Whoever has the one has the other as well. Who only looks reads, whatever their login may. */
function holds(one: Held, other: Held): boolean {
  const reaches = one.labels.length === 0 || one.labels.join() === other.labels.join();
  const acts = !one.readOnly || other.readOnly || other.role === 'VIEWER';
  return reaches && acts && ROLES.indexOf(one.role) >= ROLES.indexOf(other.role);
}

/** What logins may, those that act before those that read, and without what another of their grants holds anyway. */
export function telling(logins: Pick<Login, 'grants' | 'readOnly'>[]): Held[] {
  const all = logins.flatMap(({ grants, readOnly }) => grants.map((grant): Held => ({ ...grant, readOnly }))).sort((a, b) => Number(a.readOnly) - Number(b.readOnly));
  return all.filter((grant, at) => !all.some((other, place) => other !== grant && holds(other, grant) && (place < at || !holds(grant, other))));
}

const latest = (instants: (string | null)[]): string | undefined => instants.filter((at) => at !== null).sort((a, b) => Date.parse(b) - Date.parse(a))[0];

export function people(logins: Login[]): Person[] {
  const bySubject = new Map<string, Login[]>();
  for (const login of logins) bySubject.set(login.subject, [...(bySubject.get(login.subject) ?? []), login]);
  return [...bySubject]
    .map(([subject, theirs]): Person => ({
      subject,
      name: nameOf(subject),
      by: subject.startsWith('key:') ? 'key' : 'provider',
      grants: telling(theirs),
      logins: [...theirs].sort((a, b) => Date.parse(b.beganAt ?? '') - Date.parse(a.beganAt ?? '')),
      seenAt: latest(theirs.map((login) => login.refreshedAt ?? login.beganAt)),
    }))
    .sort((a, b) => a.name.localeCompare(b.name) || a.subject.localeCompare(b.subject));
}

/** Those that fit: every word in name, programs, roles or labels. */
export function found(all: Person[], text: string, roleName: (grant: Grant) => string): Person[] {
  const words = text.toLowerCase().split(/\s+/).filter(Boolean);
  return all.filter((person) => {
    const searched = [person.subject, ...person.logins.map((login) => login.client), ...person.grants.flatMap((grant) => [roleName(grant), ...grant.labels])].join(' ').toLowerCase();
    return words.every((word) => searched.includes(word));
  });
}

/** The order in which logins end: one's own last, since nothing is asked after it. */
export const ownLast = (logins: Login[], own: string | null | undefined): string[] => logins.map((login) => login.id).sort((a, b) => Number(a === own) - Number(b === own));
