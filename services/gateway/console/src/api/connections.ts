/** Sealed connections. Values of fields go in and never come out: no answer shows one. */
import { useQuery } from '@tanstack/react-query';
import { get, patch, post, remove, seg } from './client';
import { POLL, queries } from './query';

export interface Connection {
  connectionId: string;
  connectionName: string;
  integration: string;
  /** INITIATED: nobody has tried this version; SUCCEEDED or FAILED. */
  authStatus: string;
  isDefault: boolean;
  createdAt: string | null;
  updatedAt: string | null;
}
export interface ConnectionDetail extends Connection {
  version: number;
  fields: { name: string; store: string | null }[];
  message: string | null;
  testedAt: string | null;
  usedBy: { pipelineId: string; pipeline: string; what: string }[];
  moreUsers: number;
}
export interface Tried {
  status: string;
  message: string;
  externalMessage: string | null;
}

const PLACE = '/integrations/connections';
const changed = () => queries.invalidateQueries({ queryKey: ['connections'] });

export const useConnections = (when = true) =>
  useQuery({ queryKey: ['connections'], queryFn: ({ signal }) => get<Connection[]>(PLACE, {}, signal), refetchInterval: POLL.calm, enabled: when });

/** Needs an admin. */
export const useConnection = (id: string | undefined, when = true) =>
  useQuery({ queryKey: ['connections', id], queryFn: ({ signal }) => get<ConnectionDetail>(`${PLACE}/${seg(id!)}`, {}, signal), enabled: when && id !== undefined });

export async function makeConnection(made: { name: string; integration: string; fields: Record<string, unknown>; isDefault: boolean }, reason: string): Promise<ConnectionDetail> {
  const answer = await post<ConnectionDetail>(PLACE, made, { reason });
  await changed();
  return answer;
}

/** Fields that are not named stay; null takes one away. */
export async function changeConnection(id: string, some: { fields?: Record<string, unknown>; isDefault?: boolean }, reason: string): Promise<ConnectionDetail> {
  const answer = await patch<ConnectionDetail>(`${PLACE}/${seg(id)}`, some, { reason });
  await changed();
  return answer;
}

export async function removeConnection(id: string, force: boolean, reason: string): Promise<void> {
  await remove(`${PLACE}/${seg(id)}`, force ? { force } : {}, { reason });
  // Only the list: what is gone is not to be asked for again.
  await queries.invalidateQueries({ queryKey: ['connections'], exact: true });
}

/** Has a worker try it. That it does not work is an answer, too. */
export async function tryConnection(integration: string, id: string): Promise<Tried> {
  const answer = await post<Tried>(`/integrations/${seg(integration)}/validate/${seg(id)}`);
  await changed();
  return answer;
}
