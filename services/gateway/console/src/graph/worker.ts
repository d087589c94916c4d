/**
 * The worker that lays out graphs: one for the page, started when it is first needed. Answers come in the order of the
 * questions. Knows nothing of React.
 */
import type { LayoutAsked, LayoutMade } from './layout/layout';

interface Waiting {
  made: (layout: LayoutMade) => void;
  failed: (error: Error) => void;
}

let worker: Worker | undefined;
let last = 0;
const waiting = new Map<number, Waiting>();

/** Starts it, so that the first layout need not wait for that. */
export function warm(): Worker {
  if (worker) return worker;
  const started = new Worker(new URL('./layout.worker.ts', import.meta.url), { type: 'module' });
  started.onmessage = ({ data }: MessageEvent<{ number: number; made: LayoutMade }>) => {
    waiting.get(data.number)?.made(data.made);
    waiting.delete(data.number);
  };
  started.onerror = (event) => {
    worker = undefined;
    for (const { failed } of waiting.values()) failed(new Error(event.message || 'the worker ended'));
    waiting.clear();
  };
  return (worker = started);
}

export function layOut(asked: LayoutAsked): Promise<LayoutMade> {
  const number = ++last;
  return new Promise((made, failed) => {
    waiting.set(number, { made, failed });
    warm().postMessage({ number, asked });
  });
}
