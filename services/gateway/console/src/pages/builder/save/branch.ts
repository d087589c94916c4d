/**
 * To which branch a commit goes, and what it begins from. The branch that counts begins where the draft does, always: who
 * merged somebody's text or took one back begins from that. Of other branches this remembers what was committed from here, as
 * long as the page is open. Knows no request.
 */
import type { Committing } from '../../../api/source';
import { aliasOf } from './file';

const texts = new Map<string, string>();
const latest = new Map<string, string>();
const place = (alias: string, branch: string) => `${alias} ${branch}`;

/** It stands there now: what is committed to the same branch next begins from that. Not for the branch that counts. */
export function remember(alias: string, branch: string, text: string): void {
  texts.set(place(alias, branch), text);
  latest.set(alias, branch);
}

/** The branch that was committed to from here last: what is changed further goes there, too. */
export const ownBranch = (alias: string): string | undefined => latest.get(alias);

/** A name that nobody else's change has: the pipeline's, and a word drawn for it. */
export const newBranch = (alias: string, drawn: string): string => `downbeat/${aliasOf(alias).replaceAll('_', '-').slice(0, 60) || 'pipeline'}-${drawn.slice(0, 8)}`;

interface Asked {
  alias: string;
  /** Of its own, or the one that counts. */
  apart: boolean;
  branch: string;
  /** What the draft began from. */
  baseText: string;
}

/** What a commit says of where it goes. A branch that was not committed to from here must not be there yet. */
export function aimed({ alias, apart, branch, baseText }: Asked): Pick<Committing, 'branch' | 'baseYaml' | 'newBranch'> {
  const own = apart ? texts.get(place(alias, branch)) : undefined;
  return { branch, baseYaml: own ?? baseText, ...(apart && own === undefined && { newBranch: true }) };
}
