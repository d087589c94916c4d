/** Backfills: past instants of a schedule, one run each. */
import { get, post, seg } from './client';
import { useInfiniteQuery } from '@tanstack/react-query';
import { POLL, queries } from './query';
import { useRows } from './rows';

export interface Backfill {
  id: string;
  pipelineId: string;
  pipelineAlias: string;
  schedule: string;
  from: string;
  to: string;
  maxActive: number;
  force: boolean;
  user: string;
  createdAt: string;
  completedAt: string | null;
  status: string;
  message: string;
  total: number;
  left: number;
  live: number;
  succeeded: number;
  failed: number;
  cancelled: number;
  skipped: number;
  declined: number;
  dropped: number;
}
export interface BackfillInstant {
  instant: string;
  /** LEFT, SKIPPED, DECLINED, DROPPED, or the status of its run. */
  outcome: string;
  runId: string;
  reason: string;
}
export interface Span {
  pipeline: string;
  schedule: string;
  from: string;
  to: string;
  force: boolean;
}
export interface Preview {
  paused: boolean;
  from: string;
  to: string;
  instants: { instant: string; offsetSeconds: number; outcome: string; runId: string }[];
}

const changed = () => Promise.all([queries.invalidateQueries({ queryKey: ['rows', '/backfills'] }), queries.invalidateQueries({ queryKey: ['backfill'] })]);

export const useBackfills = (pipeline?: string) => useRows<Backfill>('/backfills', 'backfills', { pipeline }, { poll: POLL.usual });

export const useBackfill = (id: string) =>
  useInfiniteQuery({
    queryKey: ['backfill', id],
    queryFn: ({ pageParam, signal }) =>
      get<{ backfill: Backfill; instants: BackfillInstant[]; nextPageToken: string }>(`/backfills/${seg(id)}`, { page_size: 200, page_token: pageParam }, signal),
    initialPageParam: '',
    getNextPageParam: (last) => last.nextPageToken || undefined,
    select: ({ pages }) => ({ backfill: pages[0]!.backfill, instants: pages.flatMap((page) => page.instants), more: Boolean(pages.at(-1)?.nextPageToken) }),
    refetchInterval: POLL.usual,
  });

export const previewBackfill = (span: Span): Promise<Preview> => post<Preview>('/backfills/preview', { span });

/** `once` makes a second press the same backfill. */
export async function makeBackfill(span: Span, maxActive: number, once: string, reason: string): Promise<string> {
  const { backfillId } = await post<{ backfillId: string }>('/backfills', { span, maxActive, idempotencyKey: once }, { reason });
  await changed();
  return backfillId;
}

export async function cancelBackfill(id: string, reason: string): Promise<void> {
  await post(`/backfills/${seg(id)}/cancel`, { reason });
  await changed();
}
