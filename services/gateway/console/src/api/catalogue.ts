/** What pipelines can be made of: integrations with their jobs and checks, connections, environments. */
import { useQuery } from '@tanstack/react-query';
import { get } from './client';
import { useDenied } from './me';

export type ParameterType = 'any' | 'string' | 'integer' | 'number' | 'boolean' | 'enum' | 'array' | 'object';
export interface Parameter {
  name: string;
  type: ParameterType;
  required: boolean;
  /** An expression may stand for it. */
  templated: boolean;
  enum?: string[];
  default: unknown;
  note: string | null;
}
export interface Job {
  integration: string;
  integrationJob: string;
  displayName: string;
  parameters: Parameter[];
}
export interface SensorCheck {
  integration: string;
  sensorType: string;
  displayName: string;
  parameters: Parameter[];
}
export interface Integration {
  integration: string;
  displayName: string;
  group: string;
  jobs: Job[];
  sensorChecks: SensorCheck[];
}
export interface ConnectionName {
  integration: string;
  connectionName: string;
  isDefault: boolean;
}

/** The catalogue is part of the server's version: it does not change while the page is open. */
export const useCatalogue = () =>
  useQuery({ queryKey: ['catalogue'], queryFn: ({ signal }) => get<Integration[]>('/integrations', {}, signal), staleTime: Infinity });

/** Whoever sees only some pipelines is told of no connection and no environment, and asks for none. */
const useTold = () => useDenied('VIEWER', 'account') === undefined;

export const useConnectionNames = () =>
  useQuery({ queryKey: ['connections', 'names'], queryFn: ({ signal }) => get<ConnectionName[]>('/integrations/connections', {}, signal), staleTime: 60_000, enabled: useTold() });

export const useEnvironmentNames = () =>
  useQuery({
    queryKey: ['environments', 'list'],
    queryFn: ({ signal }) => get<{ environmentId: string; name: string; defaultEnv: boolean }[]>('/environments', {}, signal),
    staleTime: 60_000,
    enabled: useTold(),
  });
