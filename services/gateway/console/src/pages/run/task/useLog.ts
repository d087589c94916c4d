/**
 * The log of an attempt, by ranges of bytes: the end of it first, then whatever is written while it is, and what stands
 * before on demand. A failed request keeps what is there and is tried again.
 */
import { useCallback, useEffect, useRef, useState } from 'react';
import { send } from '../../../api/client';
import { asApiError, type ApiError } from '../../../api/errors';
import { ofTask } from '../../../api/runs';
import { appended, EMPTY, type LogText } from '../model/log';

/** Bytes that are fetched at once. */
export const CHUNK = 2 * 1024 * 1024;
const EVERY = 1_000;
const AFTER_FAILURE = 3_000;

export interface Log {
  log: LogText;
  /** Bytes before the first one that is here. */
  before: number;
  /** Bytes of the file, as far as it is known. */
  total: number;
  state: 'LOADING' | 'PENDING' | 'WRITING' | 'READY';
  error?: ApiError;
  earlier: () => Promise<void>;
}

interface Held {
  /** What is here of the file, from `first` up to `next`. */
  bytes: Uint8Array[];
  first: number;
  next: number;
  total: number;
  decoder: TextDecoder;
}

const fresh = (): Held => ({ bytes: [], first: 0, next: 0, total: 0, decoder: new TextDecoder() });

interface Answer {
  bytes: Uint8Array;
  first: number;
  total: number;
  state: Log['state'];
}

/** `bytes 5-9/20` → where it begins, and how long the file is. */
export function contentRange(text: string | null): { first: number; total: number } | undefined {
  const found = /^bytes (\d+)-\d+\/(\d+)$/.exec(text ?? '');
  return found ? { first: Number(found[1]), total: Number(found[2]) } : undefined;
}

async function fetchRange(path: string, filename: string, range: string, signal: AbortSignal): Promise<Answer> {
  const answer = await send('GET', path, { query: { filename }, headers: { range }, signal });
  const bytes = new Uint8Array(await answer.arrayBuffer());
  const at = contentRange(answer.headers.get('content-range'));
  const status = answer.headers.get('x-file-status');
  return { bytes, first: at?.first ?? 0, total: at?.total ?? bytes.length, state: status === 'READY' || status === 'WRITING' || status === 'PENDING' ? status : 'READY' };
}

export function useLog(task: { id: string; pipelineRunId: string }, attempt: number): Log {
  const path = `${ofTask(task)}/logs/download`;
  const filename = `attempt-${attempt}.log`;
  const held = useRef<Held>(fresh());
  const [shown, setShown] = useState<Omit<Log, 'earlier'>>({ log: EMPTY, before: 0, total: 0, state: 'LOADING' });

  useEffect(() => {
    const stop = new AbortController();
    const own = fresh();
    held.current = own;
    let timer: ReturnType<typeof setTimeout> | undefined;
    setShown({ log: EMPTY, before: 0, total: 0, state: 'LOADING' });
    const take = ({ bytes, first, total, state }: Answer) => {
      // The byte that is there already was asked for again: a range that begins at the end of a file is refused.
      const fresh = own.bytes.length > 0 ? bytes.subarray(own.next - first) : bytes;
      if (own.bytes.length === 0) own.first = first;
      if (fresh.length > 0) {
        own.bytes.push(fresh);
        own.next = (own.bytes.length === 1 ? first : own.next) + fresh.length;
      }
      own.total = total;
      const whole = own.next >= total;
      const text = own.decoder.decode(fresh, { stream: true });
      setShown((old) => ({ log: appended(old.log, text), before: own.first, total, state: whole ? state : 'WRITING', error: undefined }));
      return { more: !whole, goes: state !== 'READY' };
    };
    const look = async () => {
      let wait: number | undefined = EVERY;
      try {
        if (!document.hidden || own.bytes.length === 0) {
          const range = own.bytes.length === 0 ? `bytes=-${CHUNK}` : `bytes=${own.next - 1}-${own.next - 1 + CHUNK}`;
          const { more, goes } = take(await fetchRange(path, filename, range, stop.signal));
          wait = more ? 0 : goes ? EVERY : undefined;
        }
      } catch (thrown) {
        if (stop.signal.aborted) return;
        const error = asApiError(thrown);
        // Nothing was written, and nothing will be.
        if (error.status === 416) {
          setShown((old) => ({ ...old, state: 'READY', error: undefined }));
          return;
        }
        setShown((old) => ({ ...old, error }));
        wait = [400, 401, 403, 404].includes(error.status) ? undefined : AFTER_FAILURE;
      }
      if (wait !== undefined) timer = setTimeout(() => void look(), wait);
    };
    void look();
    return () => {
      stop.abort();
      clearTimeout(timer);
    };
  }, [path, filename]);

  const earlier = useCallback(async () => {
    const own = held.current;
    if (own.first === 0) return;
    const from = Math.max(0, own.first - CHUNK);
    const { bytes } = await fetchRange(path, filename, `bytes=${from}-${own.first - 1}`, new AbortController().signal);
    if (held.current !== own) return;
    own.bytes.unshift(bytes);
    own.first -= bytes.length;
    // Letters may have been cut in two where the pieces meet: all of it is read anew.
    own.decoder = new TextDecoder();
    const text = own.bytes.map((piece) => own.decoder.decode(piece, { stream: true })).join('');
    setShown((old) => ({ ...old, log: appended(EMPTY, text), before: own.first }));
  }, [path, filename]);
  return { ...shown, earlier };
}
