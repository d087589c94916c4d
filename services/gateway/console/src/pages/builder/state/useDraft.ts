/** A pipeline's text while it is edited: its history, where it started from, and that it outlives the page. */
import { useCallback, useEffect, useMemo, useRef, useState } from 'react';
import { t } from '../../../i18n';
import { failed } from '../../../parts/toasts';
import { readPipeline, type PipelineOf } from '../edit/pipeline';
import { Refusal } from '../edit/refusal';
import { begin, edited, redone, undone, type History } from './history';
import { keepUnsaved, unsaved } from './kept';

export interface Draft {
  text: string;
  pipeline: PipelineOf;
  /** The newest version that this was made of; 0 = none. */
  base: number;
  baseText: string;
  /** There is something to store. */
  changed: boolean;
  /** There is something to lose. */
  dirty: boolean;
  /** Edits of an earlier visit were taken up. */
  takenUp: boolean;
  type: (text: string) => void;
  /** Makes an edit; what cannot be made is said, and answers false. */
  edit: (label: string, make: (text: string) => string, about?: string) => boolean;
  undo?: { label: string; run: () => void };
  redo?: { label: string; run: () => void };
  /** It was stored as a version: what is edited from now on starts there. */
  stored: (version: number, text: string) => void;
  /** A draft of it was stored: the newest version is another one now, what it is compared with stays. */
  based: (version: number) => void;
  /** Another text to start from; what is edited stays. */
  rebase: (version: number, baseText: string, text: string) => void;
  reset: () => void;
}

/** Why an edit was not made, in words. */
export const refusalWords = (refusal: Refusal): string => t(`builder.refused.${refusal.why}`, { what: refusal.what });

export interface Beginning {
  text: string;
  /** The newest version; 0 = there is none. */
  base: number;
  /** What changes are shown against: the current version, or nothing. */
  baseText: string;
}

/** `where`: see kept.ts. */
export function useDraft(where: string, start: Beginning): Draft {
  const [first] = useState(() => unsaved(where));
  const [origin, setOrigin] = useState({ base: first?.base ?? start.base, baseText: first?.baseText ?? start.baseText });
  // What is there without anybody's edits.
  const [beginning, setBeginning] = useState(start.text);
  const [history, setHistory] = useState<History>(() => {
    const opened = begin(beginning);
    return first ? edited(opened, first.text, t('builder.undo.earlier'), 'earlier', 0) : opened;
  });
  const latest = useRef(history);
  latest.current = history;
  const { text } = history;
  const changed = text !== origin.baseText;
  const dirty = text !== beginning;

  useEffect(() => {
    // At once: whoever leaves the page right after a key was pressed has that key kept as well.
    if (!keepUnsaved(where, dirty ? { text, base: origin.base, baseText: origin.baseText } : undefined)) failed(new Error(t('builder.kept.full')));
  }, [where, text, dirty, origin]);
  useEffect(() => {
    if (!dirty) return;
    const ask = (event: BeforeUnloadEvent) => event.preventDefault();
    window.addEventListener('beforeunload', ask);
    return () => window.removeEventListener('beforeunload', ask);
  }, [dirty]);

  const apply = useCallback((next: string, label: string, about: string) => {
    latest.current = edited(latest.current, next, label, about, Date.now());
    setHistory(latest.current);
  }, []);
  const move = useCallback((how: (history: History) => History) => {
    latest.current = how(latest.current);
    setHistory(latest.current);
  }, []);
  const edit = useCallback<Draft['edit']>(
    (label, make, about = `${label} ${Math.random()}`) => {
      try {
        apply(make(latest.current.text), label, about);
        return true;
      } catch (thrown) {
        failed(thrown instanceof Refusal ? new Error(refusalWords(thrown)) : thrown);
        return false;
      }
    },
    [apply],
  );
  const pipeline = useMemo(() => readPipeline(text), [text]);
  const [before, after] = [history.past.at(-1), history.future[0]];
  return {
    text,
    pipeline,
    ...origin,
    changed,
    dirty,
    takenUp: first !== undefined,
    type: (next) => apply(next, t('builder.undo.typed'), 'typed'),
    edit,
    undo: before && { label: before.label, run: () => move(undone) },
    redo: after && { label: after.label, run: () => move(redone) },
    stored: (base, baseText) => {
      setOrigin({ base, baseText });
      setBeginning(baseText);
    },
    based: (version) => setOrigin((old) => ({ ...old, base: Math.max(old.base, version) })),
    rebase: (base, baseText, next) => {
      setOrigin({ base, baseText });
      setBeginning(baseText);
      apply(next, t('builder.undo.merged'), 'merged');
    },
    reset: () => apply(beginning, t('builder.undo.reset'), 'reset'),
  };
}
