/** Tabs whose choice stands in the URL, and a row of choices of which one holds. Arrow keys go from tab to tab. */
import { useEffect, useRef, type KeyboardEvent, type ReactNode } from 'react';
import { useSearchParams } from 'react-router';
import css from './Tabs.module.css';

export interface Tab {
  id: string;
  name: string;
  count?: number;
  panel: () => ReactNode;
}

export function Tabs({ tabs, label, param = 'tab' }: { tabs: Tab[]; label: string; param?: string }) {
  const [query, setQuery] = useSearchParams();
  const chosen = tabs.find((tab) => tab.id === query.get(param)) ?? tabs[0];
  const row = useRef<HTMLDivElement>(null);
  // On a narrow window the row scrolls: what is chosen is in sight, and nothing else moves.
  useEffect(() => {
    const tab = row.current?.querySelector<HTMLElement>(`[data-tab="${chosen?.id}"]`);
    if (tab && row.current) row.current.scrollLeft = Math.max(0, tab.offsetLeft - row.current.offsetLeft - 24);
  }, [chosen?.id]);
  if (!chosen) return null;
  const choose = (id: string) =>
    setQuery(
      (old) => {
        const next = new URLSearchParams(old);
        if (id === tabs[0]!.id) next.delete(param);
        else next.set(param, id);
        return next;
      },
      { replace: true },
    );
  const move = (event: KeyboardEvent<HTMLDivElement>) => {
    const step = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
    if (!step) return;
    event.preventDefault();
    const next = tabs[(tabs.indexOf(chosen) + step + tabs.length) % tabs.length]!;
    choose(next.id);
    event.currentTarget.querySelector<HTMLElement>(`[data-tab="${next.id}"]`)?.focus();
  };
  return (
    <>
      <div ref={row} className={css.tabs} role="tablist" aria-label={label} onKeyDown={move}>
        {tabs.map((tab) => (
          <button
            key={tab.id}
            type="button"
            role="tab"
            id={`tab-${param}-${tab.id}`}
            data-tab={tab.id}
            className={css.tab}
            aria-selected={tab === chosen}
            aria-controls={`panel-${param}`}
            tabIndex={tab === chosen ? 0 : -1}
            onClick={() => choose(tab.id)}
          >
            {tab.name}
            {tab.count !== undefined && <span className={css.count}>{tab.count}</span>}
          </button>
        ))}
      </div>
      <div role="tabpanel" id={`panel-${param}`} aria-labelledby={`tab-${param}-${chosen.id}`}>
        {chosen.panel()}
      </div>
    </>
  );
}

/** One of a few: how something is shown, a range of time. */
export function Choices<T extends string>({ of, value, choose, label }: { of: { value: T; name: string }[]; value: T; choose: (value: T) => void; label: string }) {
  return (
    <div className={css.choices} role="group" aria-label={label}>
      {of.map((one) => (
        <button key={one.value} type="button" aria-pressed={one.value === value} onClick={() => choose(one.value)}>
          {one.name}
        </button>
      ))}
    </div>
  );
}
