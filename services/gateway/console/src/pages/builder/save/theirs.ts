/** What stands where somebody else was faster: the newest version, or the file on a branch. Knows not what becomes of it. */
import { get, seg } from '../../../api/client';
import { asApiError } from '../../../api/errors';
import { open, sourceOf, standing } from '../../../api/source';

export interface Theirs {
  /** The newest version there is, as far as that matters. */
  version?: number;
  text: string;
  since: { version: number; createdAt: string | null; createdBy: string; draft: boolean }[];
}

export async function newest(alias: string, base: number, signal: AbortSignal): Promise<Theirs> {
  const { pipeline } = await open(alias, undefined, signal);
  const version = pipeline.latestVersionNumber;
  const [text, list] = await Promise.all([sourceOf(alias, version, signal), get<{ versions: Theirs['since'] }>(`/pipelines/${seg(pipeline.id)}/versions`, {}, signal)]);
  return { version, text, since: list.versions.filter((one) => one.version > base) };
}

/** A branch that is not there would begin at the one that counts. */
export async function onBranch(alias: string, branch: string, counting: string, signal: AbortSignal): Promise<Theirs> {
  try {
    return { text: await standing(alias, branch, signal), since: [] };
  } catch (thrown) {
    if (branch === counting || asApiError(thrown).status !== 400) throw thrown;
    return { text: await standing(alias, counting, signal), since: [] };
  }
}

const committed = new Map<string, string>();
const place = (alias: string, branch: string) => `${alias} ${branch}`;

/** Texts that were committed from here: what is committed to the same branch next begins from that. */
export const remember = (alias: string, branch: string, text: string): void => void committed.set(place(alias, branch), text);
export const remembered = (alias: string, branch: string): string | undefined => committed.get(place(alias, branch));
