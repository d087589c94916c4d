/** Puts boxes side by side in rows, about as wide as screens are. Knows nothing about what is in them. */

/** Width to height of what comes out. */
const ASPECT = 1.7;

export interface Box {
  width: number;
  height: number;
}

/** Corners of the boxes, and the size of all. Boxes of about one height keep their order; else the tall ones come first. */
export function pack(boxes: Box[], gap: number): { at: { x: number; y: number }[]; width: number; height: number } {
  const at = boxes.map(() => ({ x: 0, y: 0 }));
  const area = boxes.reduce((sum, box) => sum + (box.width + gap) * (box.height + gap), 0);
  const widest = boxes.reduce((most, box) => Math.max(most, box.width), 0);
  const room = Math.max(widest, Math.sqrt(area * ASPECT));
  const order = [...boxes.keys()].sort((a, b) => boxes[b]!.height - boxes[a]!.height || a - b);
  let [x, y, tall, width] = [0, 0, 0, 0];
  for (const box of order) {
    const { width: wide, height: high } = boxes[box]!;
    if (x > 0 && x + wide > room + 1) {
      y += tall + gap;
      [x, tall] = [0, 0];
    }
    at[box] = { x, y };
    x += wide + gap;
    tall = Math.max(tall, high);
    width = Math.max(width, x - gap);
  }
  return { at, width, height: y + tall };
}
