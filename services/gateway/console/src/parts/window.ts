/**
 * Long lists of rows that are all of one height: which of them are in sight, and so in the page. The hook follows the
 * scrolling of an element. Knows nothing about what the rows hold.
 */
import { useCallback, useEffect, useRef, useState, type RefObject } from 'react';

export interface Window {
  /** The first row that is in the page, and the one after the last. */
  first: number;
  end: number;
}

/** Rows `over` beyond what is seen on both sides are in the page too, so that scrolling does not show nothing. */
export function windowOf(scroll: number, height: number, row: number, count: number, over = 12): Window {
  const first = Math.max(0, Math.min(count, Math.floor(scroll / row)) - over);
  const end = Math.min(count, Math.ceil((scroll + height) / row) + over);
  return { first, end: Math.max(first, end) };
}

/** Where to scroll so that a row is in sight; undefined if it is. */
export function scrollTo(index: number, scroll: number, height: number, row: number): number | undefined {
  const top = index * row;
  if (top < scroll) return top;
  if (top + row > scroll + height) return top + row - height;
  return undefined;
}

export interface Rolling {
  ref: RefObject<HTMLDivElement | null>;
  shown: Window;
  onScroll: () => void;
  /** Brings a row into sight. */
  reveal: (index: number) => void;
}

/** `head` are pixels at the top that stay over the rows. */
export function useWindow(count: number, row: number, head = 0): Rolling {
  const ref = useRef<HTMLDivElement>(null);
  const [shown, setShown] = useState<Window>({ first: 0, end: Math.min(count, 60) });
  const look = useCallback(() => {
    const box = ref.current;
    if (!box) return;
    const next = windowOf(box.scrollTop, box.clientHeight - head, row, count);
    setShown((old) => (old.first === next.first && old.end === next.end ? old : next));
  }, [count, row, head]);
  useEffect(() => {
    look();
    const size = new ResizeObserver(look);
    if (ref.current) size.observe(ref.current);
    return () => size.disconnect();
  }, [look]);
  const reveal = useCallback(
    (index: number) => {
      const box = ref.current;
      if (!box) return;
      const to = scrollTo(index, box.scrollTop, box.clientHeight - head, row);
      if (to !== undefined) box.scrollTop = to;
    },
    [row, head],
  );
  return { ref, shown, onScroll: look, reveal };
}
