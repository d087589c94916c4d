/** Pools: slots that tasks of all pipelines share. */
import { useQuery } from '@tanstack/react-query';
import { get, put, seg } from './client';
import { POLL, queries } from './query';

export interface Pool {
  name: string;
  slots: number;
  used: number;
  waiting: number;
  /** False: tasks name it and nobody gave it a size. */
  exists: boolean;
}

export const usePools = () => useQuery({ queryKey: ['pools'], queryFn: async ({ signal }) => (await get<{ pools: Pool[] }>('/pools', {}, signal)).pools, refetchInterval: POLL.usual });

/** Gives a pool its size; undefined takes it away. */
export async function setPool(name: string, slots: number | undefined, reason: string): Promise<void> {
  await put(`/pools/${seg(name)}`, slots === undefined ? { remove: true } : { slots }, { reason });
  await queries.invalidateQueries({ queryKey: ['pools'] });
}
