/** Pipelines: the list, one of them with its text, versions, schedules and health; and what is done to them. */
import { useQuery } from '@tanstack/react-query';
import { get, post, remove, seg, text } from './client';
import { POLL, queries } from './query';

export interface Pipeline {
  id: string;
  name: string;
  alias: string;
  numTasks: number;
  yamlPath: string;
  createdAt: string | null;
  updatedAt: string | null;
  paused: boolean;
  storageProvider: string;
  repository: string;
  defaultBranch: string;
  workingBranch: string;
  latestVersionNumber: number;
  /** Absent: there are only drafts. */
  publishedVersionNumber?: number | null;
  latestRunId?: string | null;
  latestRunStatus?: string | null;
  latestRunCreatedAt?: string | null;
  latestRunStartedAt?: string | null;
  latestRunCompletedAt?: string | null;
  lastSyncedAt?: string | null;
  lastSyncedCommit?: string | null;
  syncFailure?: string | null;
}
/** What a pipeline takes when it starts. */
export interface InputSpec {
  type: 'string' | 'number' | 'boolean' | 'list' | 'dict';
  default?: unknown;
  options?: unknown[];
  optional?: boolean;
}
export interface PipelineMore extends Pipeline {
  inputs?: Record<string, InputSpec> | null;
}
export interface Version {
  version: number;
  createdAt: string | null;
  createdBy: string;
  draft: boolean;
  current: boolean;
}
export interface PlanSchedule {
  name: string;
  cron: string;
  timezone: string;
  environment: string;
  paused: boolean;
  exclude: string[];
  jitterMs: number;
}
export interface Firing {
  instant: string;
  /** As the clock of the schedule's zone shows it, without a zone. */
  local: string;
  due: string;
  /** What a change of the clock does to it: MOVED, FIRST_OF_TWO, SECOND_OF_TWO, CHANGED; empty = nothing. */
  effect: string;
}
export interface SchedulePreview {
  schedule: PlanSchedule;
  paused: boolean;
  firings: Firing[];
}
export interface Health {
  freshness: { name: string; asset: string; maxAgeMs: number; lastRunId: string; lastAt: string | null; breachedAt: string | null; dueAt: string | null }[];
  deadlines: { name: string; cron: string; timezone: string; withinMs: number; lastInstant: string | null; lastOutcome: string; lastRunId: string; nextInstant: string | null }[];
  assetTriggers: { name: string; assets: string[]; gathered: string[]; since: string | null; startsAt: string | null }[];
  /** Amounts as decimal numbers of the currency, not in millionths. */
  budgets: { owner: string; amount: string; spent: string; currency: string; period: string; endsAt: string | null; crossed: number[]; holdsRuns: boolean }[];
}
export interface PipelineRun {
  id: string;
  pipelineId: string;
  pipelineName: string;
  envName: string | null;
  runStatus: string;
  triggeredBy: { triggerType: string; kind: string; scheduleName?: string | null; userId?: string | null };
  message: string | null;
  pipelineVersionNumber: number;
  createdAt: string;
  startedAt: string | null;
  completedAt: string | null;
}
export interface RunPage {
  page: number;
  pageSize: number;
  total: number;
  results: PipelineRun[];
}

export const usePipelines = () =>
  useQuery({ queryKey: ['pipelines'], queryFn: ({ signal }) => get<Pipeline[]>('/pipelines', {}, signal), refetchInterval: POLL.usual });

export const usePipeline = (id: string) =>
  useQuery({ queryKey: ['pipelines', id], queryFn: ({ signal }) => get<PipelineMore>('/pipeline', { pipeline_id: id }, signal), refetchInterval: POLL.usual });

/** A text never changes once its version is known. */
export const yamlQuery = (id: string, version: number) => ({
  queryKey: ['yaml', id, version],
  queryFn: ({ signal }: { signal: AbortSignal }) => text('/pipeline/data', { pipeline_id: id, version }, signal),
  staleTime: Infinity,
});
export const useYaml = (id: string, version: number | undefined) => useQuery({ ...yamlQuery(id, version ?? 0), enabled: version !== undefined });

export const useVersions = (id: string) =>
  useQuery({
    queryKey: ['versions', id],
    queryFn: async ({ signal }) => (await get<{ versions: Version[] }>(`/pipelines/${seg(id)}/versions`, {}, signal)).versions,
    refetchInterval: POLL.calm,
  });

export const useSchedules = (id: string, count = 10) =>
  useQuery({
    queryKey: ['schedules', id, count],
    queryFn: async ({ signal }) => (await get<{ schedules: SchedulePreview[] }>(`/pipelines/${seg(id)}/schedule`, { count }, signal)).schedules,
    refetchInterval: POLL.calm,
  });

export const useHealth = (id: string) =>
  useQuery({ queryKey: ['health', id], queryFn: ({ signal }) => get<Health>(`/pipelines/${seg(id)}/health`, {}, signal), refetchInterval: POLL.calm });

/** The runs of pipelines in a time of at most seven days, the newest first. */
export const runsQuery = (asked: { pipelineIds?: string[]; status?: string[]; from?: string; to?: string; page?: number; size?: number }) => ({
  queryKey: ['runs', asked],
  queryFn: ({ signal }: { signal: AbortSignal }) =>
    get<RunPage>(
      '/pipeline_runs',
      { pipeline_ids: asked.pipelineIds, status: asked.status, time_from: asked.from, time_to: asked.to, page: asked.page, page_size: asked.size ?? 100 },
      signal,
    ),
});

const changed = (id: string) =>
  Promise.all([queries.invalidateQueries({ queryKey: ['pipelines'] }), queries.invalidateQueries({ queryKey: ['schedules', id] }), queries.invalidateQueries({ queryKey: ['now'] })]);

export interface Starting {
  runInputs?: Record<string, unknown>;
  environment?: string;
  versionNumber?: number;
}
export async function startRun(id: string, starting: Starting, reason: string): Promise<string> {
  // The same press starts one run, however often the request is sent.
  const headers = { 'Idempotency-Key': crypto.randomUUID() };
  const { pipelineRunId } = await post<{ pipelineRunId: string }>(`/pipelines/${seg(id)}/start`, starting, { headers, reason });
  await Promise.all([queries.invalidateQueries({ queryKey: ['runs'] }), changed(id)]);
  return pipelineRunId;
}
export async function pause(id: string, reason: string): Promise<void> {
  await post(`/pipelines/${seg(id)}/pause`, {}, { reason });
  await changed(id);
}
export async function resume(id: string, reason: string): Promise<void> {
  await post(`/pipelines/${seg(id)}/resume`, {}, { reason });
  await changed(id);
}
/** Its page must be left before lists are looked at again (`afterDelete`): it would ask for what is gone. */
export async function deletePipeline(id: string, reason: string): Promise<void> {
  await remove('/pipelines', { pipeline_id: id }, { reason });
}
export async function afterDelete(): Promise<void> {
  await Promise.all([queries.invalidateQueries({ queryKey: ['pipelines'], exact: true }), queries.invalidateQueries({ queryKey: ['now'] })]);
}
/** Goes on where a run failed; answers the id of the new run. */
export async function retryFromFailed(run: string, reason: string): Promise<string> {
  const { runId } = await post<{ runId: string }>(`/pipeline_runs/${seg(run)}/restart`, { mode: 'RESTART_FROM_FAILED', idempotencyKey: crypto.randomUUID() }, { reason });
  await Promise.all([queries.invalidateQueries({ queryKey: ['now'] }), queries.invalidateQueries({ queryKey: ['broken'] }), queries.invalidateQueries({ queryKey: ['runs'] })]);
  return runId;
}
