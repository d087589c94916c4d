/**
 * Acts that were sent and that the server's events have not shown yet. What was asked for counts as done only when the
 * run itself says so; a refusal takes it away at once.
 */
import { useCallback, useEffect, useState } from 'react';
import type { LiveRun } from '../../api/run-live';

export interface Pending {
  has: (name: string) => boolean;
  /** Sends, and keeps `name` until `shown` says that the run shows it. Throws what `send` throws. */
  send: (name: string, send: () => Promise<unknown>, shown: (live: LiveRun) => boolean) => Promise<void>;
}

export function usePending(live: LiveRun): Pending {
  const [open, setOpen] = useState<Map<string, (live: LiveRun) => boolean>>(new Map());
  useEffect(() => {
    if (![...open.values()].some((shown) => shown(live))) return;
    setOpen((old) => new Map([...old].filter(([, shown]) => !shown(live))));
  }, [live, open]);
  const send = useCallback<Pending['send']>(async (name, act, shown) => {
    setOpen((old) => new Map(old).set(name, shown));
    try {
      await act();
    } catch (thrown) {
      setOpen((old) => {
        const next = new Map(old);
        next.delete(name);
        return next;
      });
      throw thrown;
    }
  }, []);
  return { has: (name) => open.has(name), send };
}
