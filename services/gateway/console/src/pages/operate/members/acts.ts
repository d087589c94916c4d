/** What there is to do, and the least role that may: as docs/access.md and the API's table of routes have it. Pure. */
import type { Role } from '../../../api/me';
import { ROLES } from '../keys/roles';

export const ACTS = [
  ['read', 'VIEWER'],
  ['run', 'OPERATOR'],
  ['decide', 'OPERATOR'],
  ['pause', 'OPERATOR'],
  ['alerts', 'OPERATOR'],
  ['pipelines', 'EDITOR'],
  ['environments', 'EDITOR'],
  ['webhooks', 'EDITOR'],
  ['try', 'EDITOR'],
  ['connections', 'ADMIN'],
  ['members', 'ADMIN'],
  ['money', 'ADMIN'],
  ['audit', 'ADMIN'],
] as const satisfies [string, Role][];

export const may = (role: Role, least: Role): boolean => ROLES.indexOf(role) >= ROLES.indexOf(least);
