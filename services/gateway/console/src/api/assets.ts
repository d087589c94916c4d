/** Assets: the catalogue, one of them, its quality, its use, and what wrote it. */
import { useQuery } from '@tanstack/react-query';
import { get, seg } from './client';
import { POLL } from './query';
import { useRows } from './rows';

export interface AssetColumn {
  name: string;
  type: string;
  description: string;
}

/** The latest result of a test, or one of many. */
export interface AssetTest {
  name: string;
  status: string;
  column: string | null;
  /** Rows that failed; absent or negative = nobody counted. */
  failures: number | null;
  message: string | null;
  severity: string | null;
  expected: string | null;
  actual: string | null;
  runId: string;
  pipelineId: string;
  task: string;
  at: string;
  since: string;
}

/** As lists show it. */
export interface Asset {
  assetId: string;
  externalId: string;
  assetName: string;
  assetType: string;
  integration: string;
  integrationAccountId: string | null;
  integrationAssetType: string | null;
  status: string;
  description: string | null;
  databaseName: string | null;
  schemaName: string | null;
  tableName: string | null;
  owners: string[];
  tags: string[];
  url: string | null;
  rowCount: number | null;
  rowsAffected: number | null;
  lastMaterialisedAt: string | null;
  lastPipelineRunId: string | null;
  createdAt: string | null;
  updatedAt: string | null;
  columns: AssetColumn[];
  tests: AssetTest[];
}

export interface Writer {
  pipelineId: string;
  pipelineAlias: string;
  task: string;
  lastRunId: string;
  firstWrittenAt: string | null;
  lastWrittenAt: string | null;
}

export interface Consumer {
  kind: string;
  name: string;
  pipelineId: string;
  pipelineAlias: string;
  firstUsedAt: string | null;
  lastUsedAt: string | null;
  uses: number;
  lastRunId: string;
}

export interface AssetDetail extends Asset {
  upstreamCount: number;
  downstreamCount: number;
  uses: number;
  lastUsedAt: string | null;
}

/** Who writes and who uses it, with its use by day (days since 1970, UTC). */
export interface Usage {
  writers: Writer[];
  consumers: Consumer[];
  usage: { lastUsedAt: string | null; uses: number; days: { day: number; uses: number }[] } | null;
}

export interface ColumnChange {
  name: string;
  typeBefore: string;
  typeAfter: string;
  change: string;
}
export interface SchemaChange {
  asset: string;
  at: string;
  runId: string;
  pipelineId: string;
  pipelineAlias: string;
  task: string;
  columns: ColumnChange[];
}

export interface Operation {
  id: string;
  pipelineRunId: string;
  pipelineId: string | null;
  taskRunId: string;
  operationName: string;
  operationStatus: string;
  operationType: string;
  integration: string;
  insertedAt: string;
  operationDuration: number | null;
  rowsAffected: number | null;
  bytesProcessed: number | null;
  assetExternalId: string | null;
  message: string | null;
}

interface Page<T> {
  page: number;
  pageSize: number;
  total: number;
  results: T[];
}

/** The list has no search of text on the server: all of it is fetched, up to so many. */
export const CATALOGUE = 3_000;

export interface Catalogue {
  assets: Asset[];
  total: number;
}

async function all<T>(path: string, most: number, query: Record<string, string>, signal: AbortSignal): Promise<{ found: T[]; total: number }> {
  const found: T[] = [];
  for (let page = 1; ; page++) {
    const answer = await get<Page<T>>(path, { ...query, page, page_size: 100 }, signal);
    found.push(...answer.results);
    if (found.length >= Math.min(answer.total, most) || answer.results.length === 0) return { found, total: answer.total };
  }
}

export const useCatalogue = () =>
  useQuery({
    queryKey: ['assets', 'all'],
    queryFn: async ({ signal }): Promise<Catalogue> => {
      const { found, total } = await all<Asset>('/assets', CATALOGUE, { sort_column: 'asset_name', sort_direction: 'asc' }, signal);
      return { assets: found, total };
    },
    staleTime: 10_000,
    refetchInterval: POLL.calm,
  });

export const useAsset = (id: string) =>
  useQuery({ queryKey: ['asset', id], queryFn: ({ signal }) => get<AssetDetail>(`/assets/${seg(id)}`, {}, signal), refetchInterval: POLL.calm, enabled: id !== '' });

export const useUsage = (key: string | undefined) =>
  useQuery({ queryKey: ['usage', key], queryFn: ({ signal }) => get<Usage>('/usage', { asset: key }, signal), refetchInterval: POLL.calm, enabled: key !== undefined });

export const useTestResults = (key: string, name?: string) => useRows<AssetTest>('/quality/tests', 'results', { asset: key, name }, { size: 200 });

export const useSchemaChanges = (key: string) => useRows<SchemaChange>('/quality/schema_changes', 'changes', { asset: key });

/** How far back operations are looked through for those of one asset: the API does not filter them by it. */
export const OPERATIONS = 500;
const WRITES = 'MATERIALISATION,SEED,SNAPSHOT,INGESTION,QUERY';

/** What wrote the asset within the last seven days, newest first; of the latest `OPERATIONS` of all assets. */
export const useOperationsOf = (key: string) =>
  useQuery({
    queryKey: ['operations', key],
    queryFn: async ({ signal }) => {
      const { found, total } = await all<Operation>('/operations', OPERATIONS, { operation_type: WRITES }, signal);
      return { of: found.filter((one) => one.assetExternalId === key), cut: total > found.length };
    },
    staleTime: 20_000,
    refetchInterval: POLL.calm,
  });
