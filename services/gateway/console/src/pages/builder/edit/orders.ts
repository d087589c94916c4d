/** In which order keys stand beside each other, so that a new one goes where people look for it. */
import { PIPELINE, stepInto } from '../schema/language';
import type { PipelineOf } from './pipeline';
import type { Path } from './tree';

/** The keys of the map at a path; none where they are names that people give. */
export function orderAt(pipeline: PipelineOf, path: Path): readonly string[] {
  const keysOf = (id: string) => Object.keys(pipeline.entries.find((entry) => entry.id === id)?.fields ?? {});
  let shape: typeof PIPELINE | undefined = PIPELINE;
  path.forEach((_, at) => {
    shape = stepInto(shape, path, at, keysOf);
  });
  return Object.keys(shape?.properties ?? {});
}
