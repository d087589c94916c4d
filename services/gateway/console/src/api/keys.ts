/** Keys that open the API. The secret of a key is in the answer that makes it, and nowhere else. */
import { useQuery } from '@tanstack/react-query';
import { get, post, remove, seg } from './client';
import type { Role } from './me';
import { POLL, queries } from './query';

export interface Grant {
  role: Role;
  /** Empty = for the whole account. */
  labels: string[];
}
export interface ApiKey {
  id: string;
  name: string;
  grants: Grant[];
  createdBy: string;
  createdAt: string | null;
  expiresAt: string | null;
  lastUsedAt: string | null;
}

const changed = () => queries.invalidateQueries({ queryKey: ['keys'] });

export const useKeysOfApi = (when: boolean) =>
  useQuery({ queryKey: ['keys'], queryFn: async ({ signal }) => (await get<{ keys: ApiKey[] }>('/keys', {}, signal)).keys, refetchInterval: POLL.calm, enabled: when });

export async function makeKey(made: { name: string; grants: Grant[]; expiresAt?: string }, reason: string): Promise<{ key: ApiKey; secret: string }> {
  const answer = await post<{ key: ApiKey; secret: string }>('/keys', made, { reason });
  await changed();
  return answer;
}

export async function revokeKey(id: string, reason: string): Promise<void> {
  await remove(`/keys/${seg(id)}`, {}, { reason });
  await changed();
}
