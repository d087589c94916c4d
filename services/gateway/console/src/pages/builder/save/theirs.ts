/** What stands where somebody else was faster: the newest version, or the file on a branch. Knows not what becomes of it. */
import { get, seg } from '../../../api/client';
import { asApiError } from '../../../api/errors';
import { open, sourceOf, standing } from '../../../api/source';

export interface Theirs {
  /** The newest version there is, as far as that matters. */
  version?: number;
  text: string;
  since: { version: number; createdAt: string | null; createdBy: string; draft: boolean }[];
  /** It stands on the branch that counts. */
  counts?: boolean;
}

export async function newest(alias: string, base: number, signal: AbortSignal): Promise<Theirs> {
  const { pipeline } = await open(alias, undefined, signal);
  const version = pipeline.latestVersionNumber;
  const [text, list] = await Promise.all([sourceOf(alias, version, signal), get<{ versions: Theirs['since'] }>(`/pipelines/${seg(pipeline.id)}/versions`, {}, signal)]);
  return { version, text, since: list.versions.filter((one) => one.version > base) };
}

/** The file on a branch; `undefined`: there is no such branch, or it is not on it. */
export async function onBranch(alias: string, branch: string, signal?: AbortSignal): Promise<string | undefined> {
  try {
    return await standing(alias, branch, signal);
  } catch (thrown) {
    if (asApiError(thrown).status !== 400) throw thrown;
    return undefined;
  }
}

/** A branch that is not there would begin at the one that counts. */
export async function pushed(alias: string, branch: string, counting: string, signal: AbortSignal): Promise<Theirs> {
  const text = branch === counting ? undefined : await onBranch(alias, branch, signal);
  return text === undefined ? { text: await standing(alias, counting, signal), since: [], counts: true } : { text, since: [] };
}
