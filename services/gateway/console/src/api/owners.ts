/**
 * Who answers for each pipeline, by what it is found, and who may do something to it: of all that somebody sees, asked for
 * in a few pages and not one by one.
 */
import { useQuery } from '@tanstack/react-query';
import { t } from '../i18n';
import { get } from './client';
import { denied, useMe, type Role } from './me';
import { POLL } from './query';

export interface Owned {
  id: string;
  alias: string;
  /** Empty: nobody. */
  owner: string;
  /** Those whom its tasks name instead. */
  taskOwners: string[];
  /** Those that count for roles: of the current version. */
  labels: string[];
  /** Of its tasks. */
  tags: string[];
  schedules: { name: string; paused: boolean }[];
}

const SIZE = 1_000;

async function all(signal: AbortSignal): Promise<Map<string, Owned>> {
  const found = new Map<string, Owned>();
  let token = '';
  do {
    const page = await get<{ pipelines: Owned[]; nextPageToken: string }>('/pipelines/with-owners', { page_size: SIZE, page_token: token }, signal);
    for (const one of page.pipelines) found.set(one.id, one);
    token = page.nextPageToken;
  } while (token !== '');
  return found;
}

const useAll = (enabled: boolean) =>
  useQuery({ queryKey: ['pipelines', 'with-owners'], queryFn: ({ signal }) => all(signal), refetchInterval: POLL.usual, structuralSharing: false, enabled });

/** By the pipelines' ids. What changes a pipeline has it looked at again. */
export const useOwned = () => useAll(true);

/** Why whoever is signed in may not do what needs `role` to the pipeline of an id (undefined: one that is not there yet). */
export function useDeniedOf(role: Role): (pipeline: string | undefined) => string | undefined {
  const me = useMe().data;
  const everywhere = denied(me, role, 'account');
  // Labels decide only where the role is bound to some.
  const bound = everywhere !== undefined && denied(me, role, 'anything') === undefined;
  const owned = useAll(bound);
  return (pipeline) => {
    if (!bound || pipeline === undefined) return everywhere;
    if (owned.data) return denied(me, role, owned.data.get(pipeline)?.labels ?? []);
    return t(owned.isError ? 'parts.unknown' : 'parts.loading');
  };
}
