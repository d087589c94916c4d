/** The definitions of many pipelines, each fetched once for its version. */
import { useQuery } from '@tanstack/react-query';
import { text } from '../../api/client';
import type { Pipeline } from '../../api/pipelines';
import { queries } from '../../api/query';
import { readDefinition, type Definition } from './definition';

/** Of more pipelines, only these are read: what is found by owner and tag are those. */
const MOST = 1_000;
/** Requests at once; a browser makes six, and what is in sight must not wait. */
const AT_ONCE = 3;

const versionOf = (pipeline: Pipeline) => pipeline.publishedVersionNumber ?? pipeline.latestVersionNumber;

const definitionQuery = (pipeline: Pipeline) => ({
  queryKey: ['definition', pipeline.id, versionOf(pipeline)],
  queryFn: async ({ signal }: { signal: AbortSignal }) => readDefinition(await text('/pipeline/data', { pipeline_id: pipeline.id, version: versionOf(pipeline) }, signal)),
  staleTime: Infinity,
  gcTime: Infinity,
});

export const useDefinition = (pipeline: Pipeline) => useQuery(definitionQuery(pipeline));

/** Does something with each, a few at a time; what fails is left out. */
export async function eachOf<T, R>(all: T[], run: (one: T) => Promise<R>, atOnce = AT_ONCE): Promise<[T, R][]> {
  const out: [T, R][] = [];
  const left = all.values();
  const work = async () => {
    for (const one of left) {
      try {
        out.push([one, await run(one)]);
      } catch {
        // It may just have been deleted; the others count.
      }
    }
  };
  await Promise.all(Array.from({ length: atOnce }, work));
  return out;
}

const NONE = new Map<string, Definition>();

/** Those of all pipelines, by id, in one piece once all of them are there: a list is drawn anew once, not for each. */
export function useDefinitions(pipelines: Pipeline[]): Map<string, Definition> {
  const read = pipelines.slice(0, MOST);
  const all = useQuery({
    queryKey: ['definitions', read.map((one) => `${one.id} ${versionOf(one)}`).join()],
    queryFn: async () => new Map((await eachOf(read, (one) => queries.fetchQuery(definitionQuery(one)))).map(([one, definition]) => [one.id, definition])),
    enabled: read.length > 0,
    staleTime: Infinity,
    placeholderData: (before) => before,
    structuralSharing: false,
  });
  return all.data ?? NONE;
}
