/** The audit as a file: CSV for tables of others, JSON lines for programs. Pure. */
import type { AuditEntry } from '../../api/audit';

const COLUMNS = ['at', 'actor', 'actorKind', 'command', 'outcome', 'targets', 'summary', 'reason', 'code', 'message', 'originAddress', 'originClient', 'before', 'after', 'more', 'since', 'sequence', 'ordinal', 'recordHash', 'commandId'] as const;

export const targetsText = (entry: AuditEntry): string => entry.targets.map((target) => `${target.kind} ${target.name || target.id}`).join('; ');

/** One field; what a table program would take for a formula is made text. */
export function field(value: string): string {
  const text = /^[=+\-@\t\r]/.test(value) ? `'${value}` : value;
  return /[",\n\r]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}

export const csvHead = (): string => `${COLUMNS.join(',')}\r\n`;
export function csvLine(entry: AuditEntry): string {
  return `${COLUMNS.map((name) => field(name === 'targets' ? targetsText(entry) : String(entry[name] ?? ''))).join(',')}\r\n`;
}
export const jsonLine = (entry: AuditEntry): string => `${JSON.stringify(entry)}\n`;

/** Whether an entry fits what somebody types: who, what, about what, from where. */
export function fits(entry: AuditEntry, text: string): boolean {
  const all = [entry.actor, entry.command, entry.summary, entry.message, entry.reason, entry.originAddress, targetsText(entry)].join(' ').toLowerCase();
  return text.toLowerCase().split(/\s+/).filter(Boolean).every((word) => all.includes(word));
}
