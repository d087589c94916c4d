/** The list of pipelines: which of them are shown for what stands in the URL. Pure. */
import type { Owned } from '../../api/owners';
import type { Pipeline } from '../../api/pipelines';

export const STATES = ['failing', 'running', 'paused', 'draft'] as const;
export interface Wanted {
  text: string;
  owner: string;
  tag: string;
  state: string;
}

export function isIn(pipeline: Pipeline, state: string): boolean {
  switch (state) {
    case 'failing':
      return pipeline.latestRunStatus === 'FAILED';
    case 'running':
      return ['RUNNING', 'QUEUED', 'CREATED', 'CANCELLING'].includes(pipeline.latestRunStatus ?? '');
    case 'paused':
      return pipeline.paused;
    case 'draft':
      return pipeline.publishedVersionNumber == null;
    default:
      return true;
  }
}

/** Labels of a pipeline and tags of its tasks: what it is found by. */
export const tagsOf = (owned: Owned | undefined): string[] => [...new Set([...(owned?.labels ?? []), ...(owned?.tags ?? [])])];

const byName = (a: Pipeline, b: Pipeline) => a.name.localeCompare(b.name, undefined, { numeric: true }) || a.alias.localeCompare(b.alias);

/** Those that fit, by name: every word of the text in name, alias, owner or tags. */
export function wanted(pipelines: Pipeline[], owned: Map<string, Owned>, { text, owner, tag, state }: Wanted): Pipeline[] {
  const words = text.toLowerCase().split(/\s+/).filter(Boolean);
  return pipelines.filter((pipeline) => {
    const known = owned.get(pipeline.id);
    const searched = [pipeline.name, pipeline.alias, known?.owner ?? '', ...tagsOf(known)].join(' ').toLowerCase();
    return (
      words.every((word) => searched.includes(word)) &&
      (owner === '' || known?.owner === owner) &&
      (tag === '' || tagsOf(known).includes(tag)) &&
      isIn(pipeline, state)
    );
  }).sort(byName);
}
