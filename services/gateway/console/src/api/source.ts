/** The text of a pipeline: what there is, what the server says of one, and how one is kept. Knows no page. */
import { keepPreviousData, useQuery } from '@tanstack/react-query';
import { get, post, put, seg, text } from './client';
import { queries } from './query';

export interface Kept {
  id: string;
  name: string;
  alias: string;
  storageProvider: string;
  repository: string;
  yamlPath: string;
  defaultBranch: string;
  workingBranch: string;
  latestVersionNumber: number;
  publishedVersionNumber?: number | null;
  lastSyncedCommit?: string | null;
}
export type Severity = 'ERROR' | 'WARNING' | 'NOTE';
/** Lines and columns from 1 on; the end is the place after the last character. */
export interface Diagnostic {
  code: string;
  severity: Severity;
  message: string;
  help: string | null;
  path: string;
  line: number;
  column: number;
  endLine: number;
  endColumn: number;
}
export interface Stored {
  pipelineId: string;
  alias: string;
  version: number;
  draft: boolean;
  changed: boolean;
  warnings: string[];
}
export interface Sync {
  lookedAt?: string | null;
  commit?: string;
  branch?: string;
  failure?: string;
}
/** A pipeline as it was opened: what is edited starts from this. */
export interface Opened {
  pipeline: Kept;
  /** The newest version, drafts among them. */
  version: number;
  text: string;
  /** What runs where nobody names a version: changes are shown against it. */
  current: string;
}

/** The branch that counts. */
export const countingBranch = (pipeline: Pick<Kept, 'workingBranch' | 'defaultBranch'>): string => pipeline.workingBranch || pipeline.defaultBranch;

export const inRepository = (pipeline: Pick<Kept, 'storageProvider'>): boolean => pipeline.storageProvider !== 'ORCHESTRA';

export const usePipelineNames = () => useQuery({ queryKey: ['pipelines', 'names'], queryFn: ({ signal }) => get<Kept[]>('/pipelines', {}, signal) });

/** Addresses name pipelines by alias or by id. */
const which = (name: string) => (/^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/.test(name) ? { pipeline_id: name } : { alias: name });

export const sourceOf = (name: string, version: number, signal?: AbortSignal): Promise<string> => text('/pipeline/data', { ...which(name), version }, signal);

/** The text of a version, or of the one that runs; where there are only drafts, of the newest. */
export async function open(name: string, version?: number, signal?: AbortSignal): Promise<Opened> {
  const pipeline = await get<Kept>('/pipeline', which(name), signal);
  const current = pipeline.publishedVersionNumber ?? pipeline.latestVersionNumber;
  const now = await sourceOf(name, current, signal);
  const asked = version === undefined || version === current ? now : await sourceOf(name, version, signal);
  return { pipeline, version: pipeline.latestVersionNumber, text: asked, current: now };
}

/** Opened once: what others store meanwhile must not change what is being edited. */
export const useOpened = (alias: string | undefined, version?: number) =>
  useQuery({
    queryKey: ['opened', alias, version],
    queryFn: ({ signal }) => open(alias!, version, signal),
    enabled: alias !== undefined,
    staleTime: Infinity,
    gcTime: 0,
    refetchOnWindowFocus: false,
    refetchOnReconnect: false,
  });

/** What the server says of a text; an answer for an older text is given up. */
export const useCheck = (yaml: string) =>
  useQuery({
    queryKey: ['check', yaml],
    queryFn: async ({ signal }) => (await post<{ diagnostics: Diagnostic[] }>('/pipelines/check', { yaml }, { signal })).diagnostics,
    placeholderData: keepPreviousData,
    staleTime: Infinity,
    gcTime: 10_000,
    enabled: yaml.trim() !== '',
  });

export interface Keeping {
  yaml: string;
  alias?: string;
  published: boolean;
  baseVersion?: number;
  reason?: string;
}

export async function keep({ reason, ...body }: Keeping): Promise<Stored> {
  const stored = await put<Stored>('/pipelines/source', body, { reason });
  await Promise.all([queries.invalidateQueries({ queryKey: ['pipelines'] }), queries.invalidateQueries({ queryKey: ['versions'] })]);
  return stored;
}

export interface Committing {
  yaml: string;
  /** What the change began from. */
  baseYaml: string;
  branch: string;
  /** It is made by this commit: where it is there already, nothing is committed. */
  newBranch?: boolean;
  message: string;
}
export interface Committed {
  branch: string;
  commit: string;
  /** False: this very text stood there already. */
  changed: boolean;
  /** Absent = it is stored when the repository is looked at next. */
  version?: number;
  /** The branch is the one that counts. */
  counts: boolean;
  warnings: string[];
  commitLink?: string;
  pullRequestLink?: string;
}

export async function commit(id: string, body: Committing): Promise<Committed> {
  const committed = await post<Committed>(`/pipelines/${seg(id)}/commit`, body);
  await Promise.all(['pipelines', 'versions', 'sync'].map((key) => queries.invalidateQueries({ queryKey: [key] })));
  return committed;
}

/** The file as it stands on a branch. */
export const standing = (name: string, branch: string, signal?: AbortSignal): Promise<string> => text('/pipeline/data', { ...which(name), branch }, signal);

export interface StartWith {
  versionNumber: number;
  environment?: string;
  runInputs?: Record<string, unknown>;
  taskIds?: string[];
}
export const startVersion = (id: string, body: StartWith): Promise<{ pipelineRunId: string }> =>
  post(`/pipelines/${seg(id)}/start`, body, { headers: { 'Idempotency-Key': crypto.randomUUID() } });

export const useSync = (id: string, enabled: boolean) =>
  useQuery({ queryKey: ['sync', id], queryFn: ({ signal }) => get<Sync>(`/pipelines/${seg(id)}/sync`, {}, signal), enabled, refetchInterval: 15_000 });

export const syncNow = (id: string): Promise<{ version?: number; changed?: boolean; warnings?: string[] }> => post(`/pipelines/${seg(id)}/sync`, {});
