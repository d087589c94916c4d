/** One clock for all that counts: components that show "3 minutes ago" tick together, and not while nobody looks. */
import { useSyncExternalStore } from 'react';

const clocks = new Map<number, { now: number; watchers: Set<() => void>; timer?: ReturnType<typeof setInterval> }>();

function clock(every: number) {
  let found = clocks.get(every);
  if (!found) {
    found = { now: Date.now(), watchers: new Set() };
    clocks.set(every, found);
  }
  return found;
}

/** Now, in milliseconds, anew every `every` milliseconds. */
export function useNow(every = 10_000): number {
  const ours = clock(every);
  return useSyncExternalStore(
    (tell) => {
      ours.watchers.add(tell);
      // What stands there from before is only put right if it is old: each change draws all that watch anew.
      if (Date.now() - ours.now > every) ours.now = Date.now();
      ours.timer ??= setInterval(() => {
        if (document.hidden) return;
        ours.now = Date.now();
        ours.watchers.forEach((one) => one());
      }, every);
      return () => {
        ours.watchers.delete(tell);
        if (ours.watchers.size === 0) {
          clearInterval(ours.timer);
          ours.timer = undefined;
        }
      };
    },
    () => ours.now,
  );
}
