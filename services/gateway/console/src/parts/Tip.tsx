/** More about something, while it is hovered or focused; Esc closes it. What it says is spoken as well. */
import { cloneElement, useId, useLayoutEffect, useRef, useState, type ReactElement } from 'react';
import { createPortal } from 'react-dom';
import css from './Tip.module.css';

export function Tip({ text, children }: { text: string; children: ReactElement<{ 'aria-describedby'?: string }> }) {
  const id = useId();
  const anchor = useRef<HTMLSpanElement>(null);
  const tip = useRef<HTMLDivElement>(null);
  const [open, setOpen] = useState(false);
  useLayoutEffect(() => {
    if (!open || !anchor.current || !tip.current) return;
    const at = anchor.current.getBoundingClientRect();
    const size = tip.current.getBoundingClientRect();
    const below = at.bottom + 6 + size.height < innerHeight;
    tip.current.style.top = `${below ? at.bottom + 6 : at.top - size.height - 6}px`;
    tip.current.style.left = `${Math.max(8, Math.min(at.left + at.width / 2 - size.width / 2, innerWidth - size.width - 8))}px`;
  }, [open, text]);
  return (
    <span
      ref={anchor}
      className={css.anchor}
      onMouseEnter={() => setOpen(true)}
      onMouseLeave={() => setOpen(false)}
      onFocus={() => setOpen(true)}
      onBlur={() => setOpen(false)}
      onKeyDown={(event) => event.key === 'Escape' && setOpen(false)}
    >
      {cloneElement(children, open ? { 'aria-describedby': id } : {})}
      {open &&
        createPortal(
          <div ref={tip} id={id} role="tooltip" className={css.tip}>
            {text}
          </div>,
          document.body,
        )}
    </span>
  );
}
