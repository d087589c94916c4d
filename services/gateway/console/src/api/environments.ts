/** Environments: named sets of variables that runs read. */
import { useQuery } from '@tanstack/react-query';
import { get, patch, post, remove, seg } from './client';
import { useDenied } from './me';
import { POLL, queries } from './query';

export interface Variable {
  type: string;
  value: unknown;
}
export interface EnvironmentName {
  environmentId: string;
  name: string;
  defaultEnv: boolean;
}
export interface Environment extends EnvironmentName {
  values: Record<string, Variable>;
  createdAt: string | null;
  updatedAt: string | null;
}

const changed = () => queries.invalidateQueries({ queryKey: ['environments'] });

/** Whoever sees only some pipelines is told of no environment, and asks for none. */
export const useEnvironments = () =>
  useQuery({ queryKey: ['environments'], queryFn: ({ signal }) => get<EnvironmentName[]>('/environments', {}, signal), refetchInterval: POLL.calm, enabled: useDenied('VIEWER', 'account') === undefined });

export const useEnvironment = (id: string | undefined) =>
  useQuery({ queryKey: ['environments', id], queryFn: ({ signal }) => get<Environment>(`/environments/${seg(id!)}`, {}, signal), enabled: id !== undefined });

export async function makeEnvironment(name: string, values: Record<string, Variable>, reason: string): Promise<Environment> {
  const answer = await post<Environment>('/environments', { name, values }, { reason });
  await changed();
  return answer;
}

export async function changeEnvironment(id: string, to: { name: string; values: Record<string, Variable>; defaultEnv: boolean }, reason: string): Promise<void> {
  await patch(`/environments/${seg(id)}`, to, { reason });
  await changed();
}

export async function removeEnvironment(id: string, reason: string): Promise<void> {
  await remove(`/environments/${seg(id)}`, {}, { reason });
  // Only the list: what is gone is not to be asked for again.
  await queries.invalidateQueries({ queryKey: ['environments'], exact: true });
}
