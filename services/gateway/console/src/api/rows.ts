/**
 * Lists that the server cuts into pages with a token. The rows of all pages that were asked for stand in one list, and
 * are looked at again together. Knows no list.
 */
import { useInfiniteQuery } from '@tanstack/react-query';
import { get, type Query } from './client';
import { POLL } from './query';

export interface Rows<T> {
  rows: T[];
  /** Whether the server has more. */
  more: boolean;
}

type Answer = Record<string, unknown> & { nextPageToken?: string };

/** Rows of `path`, which stand in the answer under `name`. */
export function useRows<T>(path: string, name: string, query: Query = {}, { poll = POLL.calm, size = 50, when = true }: { poll?: number; size?: number; when?: boolean } = {}) {
  return useInfiniteQuery({
    queryKey: ['rows', path, query, size],
    queryFn: ({ pageParam, signal }) => get<Answer>(path, { ...query, page_size: size, page_token: pageParam }, signal),
    initialPageParam: '',
    getNextPageParam: (last) => last.nextPageToken || undefined,
    select: (data): Rows<T> => ({
      rows: data.pages.flatMap((page) => (page[name] as T[] | undefined) ?? []),
      more: Boolean(data.pages.at(-1)?.nextPageToken),
    }),
    refetchInterval: poll,
    enabled: when,
  });
}
