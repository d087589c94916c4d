/** Leaves the console: the session ends, and what one person saw is not shown to the next. */
import { queries } from './query';
import { signOut } from './session';

export async function leave(): Promise<void> {
  await signOut();
  queries.clear();
}
