/** Pipelines by id and alias, for forms and links: who is called what, and what is kept about time. */
import { useQuery } from '@tanstack/react-query';
import { get } from './client';
import { POLL } from './query';

export interface Named {
  id: string;
  alias: string;
  name: string;
  paused: boolean;
  /** JSON of its schedules; empty or absent = none. */
  schedule?: string | null;
}

/** All pipelines, by alias. */
export const useNames = () =>
  useQuery({
    queryKey: ['pipelines', 'names'],
    queryFn: ({ signal }) => get<Named[]>('/pipelines', {}, signal),
    staleTime: 10_000,
    refetchInterval: POLL.calm,
  });
