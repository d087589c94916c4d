/** Lineage: what an asset came of and what came of it, now or at a past time; impact, paths, differences of runs. */
import { useQuery } from '@tanstack/react-query';
import { get } from './client';
import type { AssetColumn, AssetTest, ColumnChange, Writer } from './assets';

export interface LineageAsset {
  asset: { key: string; name: string; type: string; namespace: string; rowCount: number; integration: string; columns: AssetColumn[]; owners: string[]; tags: string[]; link: string } | null;
  id: string;
  status: string;
  tests: AssetTest[];
  rowsAffected: number;
  materialisedAt: string | null;
  updatedAt: string | null;
}
export interface LineageNode {
  key: string;
  asset: LineageAsset | null;
  /** Edges away; below zero upstream. */
  distance: number;
  columns: string[];
  writers: Writer[];
  /** There is more beyond it than was asked for. */
  more: boolean;
}
export interface ColumnEdge {
  from: string;
  to: string;
  /** `COLUMN_USE_IDENTITY`, ... */
  use: string;
}
export interface EdgeSource {
  pipelineId: string;
  pipelineAlias: string;
  task: string;
  operation: string;
  lastRunId: string;
  lastSeenAt: string | null;
  since: string | null;
  until: string | null;
  declaredBy: string;
}
export interface AssetEdge {
  from: string;
  to: string;
  kind: string;
  sources: EdgeSource[];
  columns: ColumnEdge[];
}
export interface LineageAnswer {
  nodes: LineageNode[];
  edges: AssetEdge[];
  truncated: boolean;
}
export interface Impact {
  asset: string;
  affected: LineageNode[];
  exposed: string[];
  tasks: Writer[];
  owners: string[];
  truncated: boolean;
}
export interface Path {
  edges: AssetEdge[];
  /** The way goes from the second to the first. */
  reversed: boolean;
}
interface RunEdge {
  from: string;
  to: string;
  kind: string;
}
export interface RunOfDifference {
  id: string;
  pipelineId: string;
  pipelineAlias: string;
  pipelineName: string;
  pipelineVersion: number;
  status: string;
  createdAt: string;
}
export interface AssetChange {
  key: string;
  rowsAffectedBefore: number;
  rowsAffectedAfter: number;
  rowCountBefore: number;
  rowCountAfter: number;
  statusBefore: string;
  statusAfter: string;
  columns: ColumnChange[];
  tests: { name: string; column: string; statusBefore: string; statusAfter: string }[];
}
export interface Difference {
  before: RunOfDifference | null;
  after: RunOfDifference | null;
  assetsAdded: string[];
  assetsRemoved: string[];
  edgesAdded: RunEdge[];
  edgesRemoved: RunEdge[];
  changed: AssetChange[];
}

export type Direction = 'BOTH' | 'UPSTREAM' | 'DOWNSTREAM';
export interface LineageQuestion {
  asset: string;
  direction: Direction;
  depth: number;
  column: string;
  /** An instant; empty = now. */
  at: string;
}

/** Asks once; for more at one node, and for the query. */
export const askLineage = (of: LineageQuestion, signal?: AbortSignal) =>
  get<LineageAnswer>('/lineage', { asset: of.asset, direction: of.direction === 'BOTH' ? undefined : of.direction, depth: of.depth, column: of.column, at_time: of.at }, signal);

const calm = { staleTime: 15_000, placeholderData: <T>(before: T | undefined) => before };

export const useLineage = (of: LineageQuestion, when = true) =>
  useQuery({ queryKey: ['lineage', of], queryFn: ({ signal }) => askLineage(of, signal), enabled: when && of.asset !== '', ...calm });

export const useImpact = (asset: string, column: string, at: string, when: boolean) =>
  useQuery({
    queryKey: ['lineage', 'impact', asset, column, at],
    queryFn: ({ signal }) => get<Impact>('/lineage/impact', { asset, column, at_time: at }, signal),
    enabled: when && asset !== '',
    ...calm,
  });

export const usePath = (from: string, to: string, at: string) =>
  useQuery({
    queryKey: ['lineage', 'path', from, to, at],
    queryFn: ({ signal }) => get<Path>('/lineage/path', { from, to, at_time: at }, signal),
    enabled: from !== '' && to !== '',
    staleTime: 15_000,
  });

export const useDifference = (before: string, after: string) =>
  useQuery({
    queryKey: ['lineage', 'difference', before, after],
    queryFn: ({ signal }) => get<Difference>('/lineage/difference', { before_run_id: before, after_run_id: after }, signal),
    enabled: before !== '' && after !== '',
    staleTime: 60_000,
  });
