/** The definition of a pipeline, fetched once for its version. */
import { useQuery } from '@tanstack/react-query';
import { text } from '../../api/client';
import type { Pipeline } from '../../api/pipelines';
import { readDefinition } from './definition';

export function useDefinition(pipeline: Pipeline) {
  const version = pipeline.publishedVersionNumber ?? pipeline.latestVersionNumber;
  return useQuery({
    queryKey: ['definition', pipeline.id, version],
    queryFn: async ({ signal }) => readDefinition(await text('/pipeline/data', { pipeline_id: pipeline.id, version }, signal)),
    staleTime: Infinity,
    gcTime: Infinity,
  });
}
