/** Addresses that start pipelines. Path and secret are in the answer that makes them, and nowhere else. */
import { get, post, remove, seg } from './client';
import { queries } from './query';

export interface Endpoint {
  id: string;
  pipelineId: string;
  pipelineAlias: string;
  name: string;
  scheme: string;
  createdBy: string;
  createdAt: string | null;
  /** Number of the newest secret; zero = none. */
  secret: number;
  oldSecrets: { number: number; until: string | null }[];
}

const changed = () => queries.invalidateQueries({ queryKey: ['webhooks'] });

export const endpointsOf = (pipeline: string) => ({
  queryKey: ['webhooks', pipeline],
  queryFn: async ({ signal }: { signal: AbortSignal }) => (await get<{ endpoints: Endpoint[] }>(`/pipelines/${seg(pipeline)}/webhooks`, {}, signal)).endpoints,
});

export async function openEndpoint(pipeline: string, name: string, scheme: string, reason: string): Promise<{ endpoint: Endpoint; path: string; secret: string }> {
  const answer = await post<{ endpoint: Endpoint; path: string; secret: string }>(`/pipelines/${seg(pipeline)}/webhooks`, { name, scheme }, { reason });
  await changed();
  return answer;
}

/** The secret before is good for so many seconds. */
export async function rotateEndpoint(id: string, overlapSeconds: number, reason: string): Promise<{ endpoint: Endpoint; secret: string }> {
  const answer = await post<{ endpoint: Endpoint; secret: string }>(`/webhooks/${seg(id)}/rotate`, { overlapSeconds }, { reason });
  await changed();
  return answer;
}

export async function closeEndpoint(id: string, reason: string): Promise<void> {
  await remove(`/webhooks/${seg(id)}`, {}, { reason });
  await changed();
}
