/** Whether other systems work, how late schedules are, and which integrations there are at all. */
import { useQuery } from '@tanstack/react-query';
import { get, seg } from './client';
import { POLL } from './query';
import { useRows } from './rows';

/** Microseconds. */
export interface Baseline {
  count: number;
  median: number;
  spread: number;
  p95: number;
  max: number;
}
export interface Outcome {
  at: string;
  runId: string;
  pipelineId: string;
  task: string;
  class: string;
  message: string;
}
export interface IntegrationHealth {
  integration: string;
  connection: string;
  /** HEALTHY, DEGRADED, FAILING or UNKNOWN. */
  state: string;
  reason: string;
  attempts: number;
  succeeded: number;
  failed: Record<string, number>;
  lastSuccess: Outcome | null;
  lastFailure: Outcome | null;
  durations: Baseline | null;
  hours: { since: string; attempts: number; failed: Record<string, number>; ran: number }[];
}
export interface Firing {
  instant: string;
  runId: string;
  createdAt: string | null;
  startedAt: string | null;
  endedAt: string | null;
  status: string;
}
export interface ScheduleTrend {
  pipelineId: string;
  pipeline: string;
  schedule: string;
  declared: boolean;
  fired: number;
  startedLate: Baseline | null;
  passed: { reason: string; count: number; lastInstant: string | null; message: string }[];
  lastStatus: string;
  lastRunId: string;
  lastInstant: string | null;
  firings: Firing[];
}
export interface PreviewedSchedule {
  schedule: { name: string; cron: string; timezone: string; paused: boolean } | null;
  paused: boolean;
  firings: { instant: string; local: string; offsetSeconds: number; due: string; effect: string }[];
}
export interface IntegrationName {
  integration: string;
  displayName: string;
  group: string;
  jobs: { integrationJob: string }[];
}

export const useIntegrationHealth = () => useRows<IntegrationHealth>('/trends/integrations', 'integrations', {}, { size: 200 });
export const useScheduleTrends = () => useRows<ScheduleTrend>('/trends/schedules', 'schedules', { with_firings: true }, { size: 200 });
export const useIntegrationNames = () =>
  useQuery({ queryKey: ['integrations', 'names'], queryFn: ({ signal }) => get<IntegrationName[]>('/integrations', {}, signal), staleTime: Infinity });

/** What is asked for the coming firings of one pipeline: as many as `count` of each schedule after `after`. */
export const previewOf = (pipeline: string, after: string, count: number) => ({
  queryKey: ['schedule', pipeline, after, count],
  queryFn: async ({ signal }: { signal: AbortSignal }) => (await get<{ schedules: PreviewedSchedule[] }>(`/pipelines/${seg(pipeline)}/schedule`, { after, count }, signal)).schedules,
  staleTime: POLL.calm,
});
