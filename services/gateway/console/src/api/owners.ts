/** Who answers for each pipeline, and by what it is found: all that somebody sees, asked for in a few pages and not one by one. */
import { useQuery } from '@tanstack/react-query';
import { get } from './client';
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

/** By the pipelines' ids. What changes a pipeline has it looked at again. */
export const useOwned = () => useQuery({ queryKey: ['pipelines', 'with-owners'], queryFn: ({ signal }) => all(signal), refetchInterval: POLL.usual, structuralSharing: false });
