/** The definitions of many pipelines, each fetched once for its version. */
import { useQueries, useQuery } from '@tanstack/react-query';
import { text } from '../../api/client';
import type { Pipeline } from '../../api/pipelines';
import { readDefinition, type Definition } from './definition';

/** Of more pipelines, only these are read: what is found by owner and tag are those. */
const MOST = 300;

const versionOf = (pipeline: Pipeline) => pipeline.publishedVersionNumber ?? pipeline.latestVersionNumber;

const definitionQuery = (pipeline: Pipeline) => ({
  queryKey: ['definition', pipeline.id, versionOf(pipeline)],
  queryFn: async ({ signal }: { signal: AbortSignal }) => readDefinition(await text('/pipeline/data', { pipeline_id: pipeline.id, version: versionOf(pipeline) }, signal)),
  staleTime: Infinity,
  gcTime: Infinity,
});

export const useDefinition = (pipeline: Pipeline) => useQuery(definitionQuery(pipeline));

/** Those that are known by now, by the id of their pipeline. */
export function useDefinitions(pipelines: Pipeline[]): Map<string, Definition> {
  return useQueries({
    queries: pipelines.slice(0, MOST).map(definitionQuery),
    combine: (answers) => new Map(answers.flatMap((answer, at) => (answer.data ? [[pipelines[at]!.id, answer.data] as const] : []))),
  });
}
