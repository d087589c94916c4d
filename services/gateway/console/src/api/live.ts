/**
 * Streams of server-sent events, over fetch because they need the token. A stream that breaks is opened again, later
 * each time, and says so; one that the server ended (`end`) stays closed. Knows no kind of event.
 */
import { ApiError, asApiError } from './errors';
import { send } from './client';

export interface ServerEvent {
  event: string;
  data: string;
  id: string;
}

export type LiveState = 'connecting' | 'live' | 'broken' | 'ended';

/** Cuts a stream of text into events (the HTML standard, 9.2.6). Feed it pieces as they come. */
export function eventReader(): (piece: string) => ServerEvent[] {
  let rest = '';
  // Whether what is left may end a line with the next piece.
  let open = false;
  let current: ServerEvent = { event: '', data: '', id: '' };
  return (piece) => {
    rest += piece;
    const out: ServerEvent[] = [];
    // A line of megabytes comes in many pieces: it is looked through once it is whole, not at each of them.
    const ends = open || /[\r\n]/.test(piece);
    open = piece.endsWith('\r');
    if (!ends) return out;
    for (;;) {
      const end = /\r\n|\n|\r(?=[^\n])/.exec(rest);
      if (!end) return out;
      const line = rest.slice(0, end.index);
      rest = rest.slice(end.index + end[0].length);
      if (line === '') {
        if (current.data !== '') out.push({ ...current, event: current.event || 'message', data: current.data.slice(0, -1) });
        current = { event: '', data: '', id: current.id };
        continue;
      }
      if (line.startsWith(':')) continue;
      const colon = line.indexOf(':');
      const name = colon < 0 ? line : line.slice(0, colon);
      const value = colon < 0 ? '' : line.slice(colon + 1).replace(/^ /, '');
      if (name === 'event') current.event = value;
      else if (name === 'data') current.data += `${value}\n`;
      else if (name === 'id') current.id = value;
    }
  };
}

/** Milliseconds until the next attempt: 0.5 s, doubled up to 15 s, of which a part is chance. */
export function backoff(failures: number, chance: number = Math.random()): number {
  const whole = Math.min(500 * 2 ** failures, 15_000);
  return whole / 2 + (whole / 2) * chance;
}

export interface Following {
  onEvent: (event: ServerEvent) => void;
  onState?: (state: LiveState, error?: ApiError) => void;
  signal: AbortSignal;
  /** The event after which nothing comes. */
  last?: string;
}

const pause = (ms: number, signal: AbortSignal) =>
  new Promise<void>((resolve) => {
    const timer = setTimeout(resolve, ms);
    signal.addEventListener('abort', () => {
      clearTimeout(timer);
      resolve();
    }, { once: true });
  });

/** Milliseconds of silence after which a stream counts as broken; servers say something every 15 s. */
export const QUIET = 20_000;

/** Follows a stream until it ends, is refused for good, or `signal` says so. */
export async function follow(path: string, { onEvent, onState, signal, last = 'end' }: Following): Promise<void> {
  let failures = 0;
  while (!signal.aborted) {
    onState?.('connecting');
    // A connection that died without a word says nothing, and neither does a server that waits: only that one keeps alive.
    const stop = new AbortController();
    const end = () => stop.abort();
    signal.addEventListener('abort', end, { once: true });
    let quiet = setTimeout(end, QUIET);
    const heard = () => {
      clearTimeout(quiet);
      quiet = setTimeout(end, QUIET);
    };
    try {
      const answer = await send('GET', path, { headers: { accept: 'text/event-stream' }, signal: stop.signal });
      const read = eventReader();
      const pieces = answer.body!.pipeThrough(new TextDecoderStream()).getReader();
      onState?.('live');
      for (;;) {
        const { done, value } = await pieces.read();
        if (done) break;
        heard();
        failures = 0;
        for (const event of read(value)) {
          onEvent(event);
          if (event.event === last) {
            onState?.('ended');
            await pieces.cancel();
            return;
          }
        }
      }
      onState?.('broken');
    } catch (thrown) {
      if (signal.aborted) return;
      const error = asApiError(thrown);
      onState?.('broken', stop.signal.aborted ? undefined : error);
      // What is refused now is refused again.
      if ([400, 403, 404, 422].includes(error.status)) return;
    } finally {
      clearTimeout(quiet);
      signal.removeEventListener('abort', end);
    }
    await pause(backoff(failures++), signal);
  }
}
