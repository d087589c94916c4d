/**
 * An act of a dialog: pending at once, and decided only when the server has answered. What fails is shown in the dialog, or as
 * a toast where it was closed meanwhile: the act goes on without it. Knows no act.
 */
import { useEffect, useRef, useState } from 'react';
import { asApiError, type ApiError } from '../api/errors';
import { failed } from './toasts';

export interface Doing {
  pending: boolean;
  error?: ApiError;
  /** `then` is for the dialog alone: it is left out where that is gone. */
  run: <T>(work: () => Promise<T>, then?: (answer: T) => void) => Promise<void>;
}

export function useDoing(): Doing {
  const [pending, setPending] = useState(false);
  const [error, setError] = useState<ApiError>();
  const there = useRef(false);
  useEffect(() => {
    there.current = true;
    return () => {
      there.current = false;
    };
  }, []);
  const run: Doing['run'] = async (work, then) => {
    setPending(true);
    setError(undefined);
    try {
      const answer = await work();
      if (there.current) then?.(answer);
    } catch (thrown) {
      if (there.current) setError(asApiError(thrown));
      else failed(thrown);
    } finally {
      setPending(false);
    }
  };
  return { pending, error, run };
}
