/** Lays out graphs beside the page, so that it stays fluid. One message in, one out with the same number. */
import { layout, type LayoutAsked } from './layout/layout';

self.onmessage = ({ data }: MessageEvent<{ number: number; asked: LayoutAsked }>) => {
  const made = layout(data.asked);
  (self as unknown as Worker).postMessage({ number: data.number, made }, [made.x.buffer, made.y.buffer]);
};
