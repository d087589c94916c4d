import { afterEach, describe, expect, it, vi } from 'vitest';
import { backoff, eventReader, follow, QUIET, type LiveState } from './live';

describe('events are cut out of a stream', () => {
  const read = (...pieces: string[]) => {
    const reader = eventReader();
    return pieces.flatMap((piece) => reader(piece));
  };
  it('whole', () => {
    expect(read('event: run\nid: 7\ndata: {"a":1}\n\n')).toEqual([{ event: 'run', id: '7', data: '{"a":1}' }]);
  });
  it('in any pieces', () => {
    const text = 'event: run\ndata: one\ndata: two\n\n: still here\n\nevent: end\ndata: x\n\n';
    for (let at = 0; at < text.length; at++) {
      expect(read(text.slice(0, at), text.slice(at)).map((one) => [one.event, one.data])).toEqual([['run', 'one\ntwo'], ['end', 'x']]);
    }
  });
  it('with the line ends of others', () => {
    expect(read('data: a\r\n\r\ndata: b\r\n\r\n').map((one) => one.data)).toEqual(['a', 'b']);
  });
  it('of megabytes, in time that grows with them and not with their square', () => {
    const piece = 'x'.repeat(4_096);
    const pieces = ['data: ', ...Array.from({ length: 4_000 }, () => piece), '\n\n'];
    const began = performance.now();
    expect(read(...pieces)[0]!.data).toHaveLength(4_096 * 4_000);
    expect(performance.now() - began).toBeLessThan(2_000);
  });
  it('an event without data is none', () => {
    expect(read('event: run\n\n')).toEqual([]);
  });
});

describe('a stream is opened again later each time', () => {
  it.each([
    [0, 0, 250],
    [0, 1, 500],
    [3, 1, 4000],
    [20, 1, 15_000],
  ])('after %d failures, with chance %d: %d ms', (failures, chance, expected) => expect(backoff(failures, chance)).toBe(expected));
});

describe('a stream that says nothing any more', () => {
  afterEach(() => {
    vi.useRealTimers();
    vi.unstubAllGlobals();
  });

  it('counts as broken and is opened again; one that keeps alive does not', async () => {
    vi.useFakeTimers();
    const opened: ReadableStreamDefaultController<Uint8Array>[] = [];
    vi.stubGlobal('fetch', (_: string, { signal }: { signal: AbortSignal }) => {
      const body = new ReadableStream<Uint8Array>({
        start: (controller) => {
          opened.push(controller);
          signal.addEventListener('abort', () => controller.error(new DOMException('aborted', 'AbortError')));
        },
      });
      return Promise.resolve(new Response(body));
    });
    const stop = new AbortController();
    const states: LiveState[] = [];
    const over = follow('/x', { onEvent: () => undefined, onState: (state) => states.push(state), signal: stop.signal });
    await vi.advanceTimersByTimeAsync(QUIET - 1);
    opened[0]!.enqueue(new TextEncoder().encode(': still here\n\n'));
    await vi.advanceTimersByTimeAsync(QUIET - 1);
    expect(states).toEqual(['connecting', 'live']);
    await vi.advanceTimersByTimeAsync(1_000);
    expect(states).toEqual(['connecting', 'live', 'broken', 'connecting', 'live']);
    stop.abort();
    await vi.advanceTimersByTimeAsync(1_000);
    await over;
    expect(opened).toHaveLength(2);
  });
});
