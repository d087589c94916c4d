/** A menu of acts behind a button. Arrow keys move, Esc closes, the focus returns to the button. */
import { useEffect, useId, useLayoutEffect, useRef, useState, type KeyboardEvent } from 'react';
import { Button, type Looks } from './Button';
import { Icon, type IconName } from './Icon';
import css from './Menu.module.css';

export interface Act {
  name: string;
  icon?: IconName;
  danger?: boolean;
  /** Why it may not be done. */
  denied?: string;
  run: () => void;
}

export function Menu({ acts, ...looks }: { acts: Act[] } & Looks) {
  const [open, setOpen] = useState(false);
  const anchor = useRef<HTMLSpanElement>(null);
  const list = useRef<HTMLDivElement>(null);
  const id = useId();

  useLayoutEffect(() => {
    if (!open || !list.current || !anchor.current) return;
    const at = anchor.current.getBoundingClientRect();
    const size = list.current.getBoundingClientRect();
    list.current.style.left = `${Math.max(8, Math.min(at.right - size.width, innerWidth - size.width - 8))}px`;
    list.current.style.top = `${at.bottom + 4 + size.height < innerHeight ? at.bottom + 4 : Math.max(8, at.top - size.height - 4)}px`;
    list.current.querySelector<HTMLElement>('[role=menuitem]')?.focus();
  }, [open]);

  useEffect(() => {
    if (!open) return;
    const outside = (event: Event) => {
      if (event.target instanceof Node && !anchor.current?.contains(event.target)) setOpen(false);
    };
    const gone = () => setOpen(false);
    document.addEventListener('pointerdown', outside);
    window.addEventListener('resize', gone);
    return () => {
      document.removeEventListener('pointerdown', outside);
      window.removeEventListener('resize', gone);
    };
  }, [open]);

  const shut = () => {
    setOpen(false);
    anchor.current?.querySelector('button')?.focus();
  };
  const move = (event: KeyboardEvent<HTMLDivElement>) => {
    const items = [...event.currentTarget.querySelectorAll<HTMLElement>('[role=menuitem]')];
    const at = items.indexOf(document.activeElement as HTMLElement);
    const to = { ArrowDown: at + 1, ArrowUp: at - 1 + items.length, Home: 0, End: items.length - 1 }[event.key];
    if (event.key === 'Escape' || event.key === 'Tab') {
      event.stopPropagation();
      shut();
    } else if (to !== undefined) {
      event.preventDefault();
      items[to % items.length]?.focus();
    }
  };
  return (
    <span className={css.anchor} ref={anchor}>
      <Button {...looks} aria-haspopup="menu" aria-expanded={open} aria-controls={open ? id : undefined} onClick={() => setOpen(!open)} />
      {open && (
        <div id={id} role="menu" className={css.menu} ref={list} onKeyDown={move}>
          {acts.map((act) => (
            <button
              key={act.name}
              type="button"
              role="menuitem"
              tabIndex={-1}
              className={`${css.item} ${act.danger ? css.danger : ''}`}
              aria-disabled={act.denied !== undefined || undefined}
              onClick={() => {
                if (act.denied !== undefined) return;
                shut();
                act.run();
              }}
            >
              {act.icon && <Icon name={act.icon} />}
              <span>
                {act.name}
                {act.denied && <span className={css.why}>{act.denied}</span>}
              </span>
            </button>
          ))}
        </div>
      )}
    </span>
  );
}
