/** Runs and their tasks: shapes of the API (only what is used), questions, and acts. Knows no page. */
import { keepPreviousData, useQuery } from '@tanstack/react-query';
import { get, post, seg, text, type Query } from './client';
import { POLL } from './query';
import { ended } from '../parts/status';

export interface Trigger {
  triggerType: string;
  /** In the words of Downbeat: EVENT and ASSET among them. */
  kind: string;
  scheduleName?: string;
  scheduleInstant?: string;
  sensorName?: string;
  /** The run that led to this one. */
  pipelineRunId?: string;
  userId?: string;
  runTaskIds?: string[];
  backfillId?: string;
}

export interface Run {
  id: string;
  pipelineId: string;
  pipelineName: string;
  envName: string | null;
  runStatus: string;
  triggeredBy: Trigger;
  childPipelineRuns: { pipelineRunId: string }[];
  message: string | null;
  pipelineVersionNumber: number;
  createdAt: string | null;
  startedAt: string | null;
  completedAt: string | null;
  branch: string | null;
  commit: string | null;
  gitLink: string | null;
  runInputs: unknown;
  restartOf: string | null;
}

export interface TaskRun {
  id: string;
  pipelineRunId: string;
  taskName: string;
  taskId: string;
  integration: string;
  integrationJob: string;
  status: string;
  message: string | null;
  externalStatus: string | null;
  externalMessage: string | null;
  taskParameters: unknown;
  outputs: unknown;
  /** Of its iteration of a matrix. */
  runParameters: unknown;
  platformLink: string | null;
  externalId: string | null;
  numberOfAttempts: number;
  /** It stands for the iterations of a matrix. */
  matrixParent: boolean;
  matrixParentId: string | null;
  /** Ids of tasks, or of groups. */
  dependsOn: string[];
  createdAt: string | null;
  startedAt: string | null;
  completedAt: string | null;
}

export interface Pages<T> {
  page: number;
  pageSize: number;
  total: number;
  results: T[];
}

/** An event of the log in words. */
export interface Explanation {
  at?: string | null;
  sequence?: number;
  actor?: string;
  kind?: string;
  text?: string;
  /** `id`, or `id[2]` for iteration 2; empty = the run. */
  task?: string;
}

export interface Gate {
  kind?: string;
  text?: string;
  since?: string | null;
  /** Runs, or what else stands before it. */
  ahead?: string[];
  aheadCount?: number;
}

export interface Operation {
  id: string;
  taskRunId: string;
  message: string | null;
  operationName: string;
  operationStatus: string;
  operationType: string;
  startedAt: string | null;
  completedAt: string | null;
  /** Seconds. */
  operationDuration: number | null;
  rowsAffected: number | null;
  assetExternalId: string | null;
}

export interface CostLine {
  entry?: { micros?: number; currency?: string; unit?: string } | null;
  runId?: string;
}

export interface RunFilter {
  statuses: string[];
  pipelineIds: string[];
  from: string;
  to: string;
  page: number;
  size: number;
}

/** What runs are asked for with. */
export const runsQuery = ({ statuses, pipelineIds, from, to, page, size }: RunFilter): Query => ({
  status: statuses, pipeline_ids: pipelineIds, time_from: from, time_to: to, page, page_size: size,
});

export const useRuns = (filter: RunFilter) =>
  useQuery({
    queryKey: ['runs', filter],
    queryFn: ({ signal }) => get<Pages<Run>>('/pipeline_runs', runsQuery(filter), signal),
    refetchInterval: POLL.usual,
    placeholderData: keepPreviousData,
  });

const ofRun = (id: string) => `/pipeline_runs/${seg(id)}`;

/** The run alone: it is there long before the stream has told of all its tasks. */
export const useRun = (id: string) =>
  useQuery({ queryKey: ['run', id], queryFn: ({ signal }) => get<Run>(ofRun(id), {}, signal), staleTime: Infinity, refetchOnWindowFocus: false });

/** What happened in the run, or to one of its tasks. Of very large runs only single tasks are told (status 400). */
export const useWhy = (id: string, task: string | undefined, version: number, enabled = true) =>
  useQuery({
    queryKey: ['why', id, task, version],
    queryFn: async ({ signal }) => (await get<{ explanations?: Explanation[] }>(`${ofRun(id)}/why`, { task }, signal)).explanations ?? [],
    placeholderData: keepPreviousData,
    staleTime: 30_000,
    enabled,
  });

/** What the run, or one of its tasks, waits for now. */
export const useWaiting = (id: string, task: string | undefined, status: string) =>
  useQuery({
    queryKey: ['waiting', id, task, status],
    queryFn: async ({ signal }) => (await get<{ gates?: Gate[] }>(`${ofRun(id)}/waiting`, { task }, signal)).gates ?? [],
    refetchInterval: POLL.usual,
    enabled: !ended(status),
  });

export interface RunAsset {
  asset?: { key?: string; name?: string; type?: string; integration?: string; rowCount?: number } | null;
  id?: string;
  status?: string;
  rowsAffected?: number;
  tests?: { name?: string; status?: string; column?: string; failures?: number; message?: string }[];
}
export interface RunEdge {
  from?: string;
  to?: string;
  operation?: string;
  kind?: string;
}

export const useRunLineage = (id: string, version: number) =>
  useQuery({
    queryKey: ['run-lineage', id, version],
    queryFn: ({ signal }) => get<{ assets?: RunAsset[]; edges?: RunEdge[] }>(`${ofRun(id)}/lineage`, {}, signal),
    placeholderData: keepPreviousData,
  });

export const useOperations = (of: { run: string; task?: string }, page: number, version: number) =>
  useQuery({
    queryKey: ['operations', of, page, version],
    queryFn: ({ signal }) =>
      get<Pages<Operation>>('/operations', { pipeline_run_id: of.task ? undefined : of.run, task_run_id: of.task, page, page_size: 50 }, signal),
    placeholderData: keepPreviousData,
  });

/** What the run has cost, by currency; undefined where there is no price, or more entries than are looked through. */
export const useRunCost = (run: Run | undefined, version: number) =>
  useQuery({
    queryKey: ['run-cost', run?.id, version],
    enabled: run !== undefined,
    staleTime: 10_000,
    queryFn: async ({ signal }) => {
      const sums = new Map<string, number>();
      let token = '';
      for (let page = 0; page < 5; page++) {
        const found = await get<{ entries?: CostLine[]; nextPageToken?: string }>(
          '/costs/entries',
          { pipeline: run!.pipelineId, from: run!.createdAt, to: run!.completedAt ? new Date(Date.parse(run!.completedAt) + 60_000).toISOString() : undefined, page_size: 1000, page_token: token },
          signal,
        );
        for (const { entry, runId } of found.entries ?? []) {
          if (runId === run!.id && entry?.currency) sums.set(entry.currency, (sums.get(entry.currency) ?? 0) + (entry.micros ?? 0));
        }
        token = found.nextPageToken ?? '';
        if (token === '') return [...sums].map(([currency, micros]) => ({ currency, amount: micros / 1_000_000 }));
      }
      return undefined;
    },
  });

/** The text of the pipeline as it was when the run began. */
export const useDefinition = (run: Run | undefined) =>
  useQuery({
    queryKey: ['definition', run?.pipelineId, run?.pipelineVersionNumber],
    queryFn: ({ signal }) => text('/pipeline/data', { pipeline_id: run!.pipelineId, version: run!.pipelineVersionNumber }, signal),
    enabled: run !== undefined,
    staleTime: Infinity,
    retry: false,
  });

export const useArtifacts = (task: TaskRun) =>
  useQuery({
    queryKey: ['artifacts', task.id, task.status],
    queryFn: async ({ signal }) => (await get<{ filenames: string[] }>(`${ofTask(task)}/artifacts`, {}, signal)).filenames,
  });

export const ofTask = (task: Pick<TaskRun, 'id' | 'pipelineRunId'>) => `${ofRun(task.pipelineRunId)}/task_runs/${seg(task.id)}`;

export type RestartMode = 'RESTART_ALL' | 'RESTART_FROM_FAILED' | 'RESTART_FROM_TASKS' | 'RESTART_FROM_SELECTED';
export type TaskMark = 'SUCCEEDED' | 'WARNING' | 'FAILED' | 'SKIPPED';

/** One key for one intent: a request that is sent again does nothing a second time. */
const key = () => crypto.randomUUID();

export const cancelRun = (id: string, reason: string) => post(`${ofRun(id)}/cancel`, {}, { reason });
export const releaseRun = (id: string, reason: string) => post<{ changed?: boolean }>(`${ofRun(id)}/release`, {}, { reason });
export const restartRun = (id: string, mode: RestartMode, taskIds: string[], reason: string) =>
  post<{ runId?: string }>(`${ofRun(id)}/restart`, { mode, ...(taskIds.length > 0 ? { taskIds } : {}), idempotencyKey: key() }, { reason });
export const decideTask = (task: TaskRun, approved: boolean, comment: string) =>
  post(`${ofTask(task)}/${approved ? 'approve' : 'reject'}`, { comment, idempotencyKey: key() });
export const markTask = (task: TaskRun, mark: TaskMark, reason: string) => post(`${ofTask(task)}/mark`, { mark, reason, idempotencyKey: key() });
