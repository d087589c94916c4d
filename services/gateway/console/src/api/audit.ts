/** The audit: who did what, when, from where, and what it changed. Needs an admin of the whole account. */
import { get } from './client';
import { useRows } from './rows';

export interface AuditEntry {
  sequence: number;
  ordinal: number;
  recordHash: string;
  at: string;
  actor: string;
  actorKind: string;
  originAddress: string;
  originClient: string;
  reason: string;
  commandId: string;
  command: string;
  targets: { kind: string; id: string; name: string }[];
  outcome: string;
  code: string;
  message: string;
  summary: string;
  before: string;
  after: string;
  more: number;
  since: string | null;
}

export interface AuditQuestion {
  /** As the log has it, or the name of a person or a key. */
  actor?: string;
  actor_kind?: string;
  target?: string;
  command?: string;
  outcome?: string;
  from?: string;
  to?: string;
}

export const useAudit = (of: AuditQuestion, when: boolean) => useRows<AuditEntry>('/audit', 'entries', { ...of }, { size: 100, when });

/** All entries, a page of them at a time, newest first. */
export async function* auditPages(of: AuditQuestion, signal: AbortSignal): AsyncGenerator<AuditEntry[]> {
  let token = '';
  do {
    const page = await get<{ entries: AuditEntry[]; nextPageToken: string }>('/audit', { ...of, page_size: 1000, page_token: token }, signal);
    yield page.entries;
    token = page.nextPageToken;
  } while (token !== '');
}
