/**
 * The text that is edited and all it was before: one history for typing, forms and the graph. What is typed in one go is
 * one step. Pure; `useHistory` holds it for a page.
 */
export interface Step {
  text: string;
  /** What was done to come to the text that follows, for those who undo it. */
  label: string;
}

export interface History {
  text: string;
  past: Step[];
  future: Step[];
  /** What the last edit was about, and when: edits about the same that follow at once join it. */
  last?: { about: string; at: number };
}

const MOST = 300;
/** Milliseconds of rest after which typing on is a step of its own. */
const REST = 800;

export const begin = (text: string): History => ({ text, past: [], future: [] });

export function edited(history: History, text: string, label: string, about: string, now: number): History {
  if (text === history.text) return history;
  const joins = history.last !== undefined && history.last.about === about && now - history.last.at < REST && history.past.length > 0;
  const past = joins ? history.past : [...history.past.slice(-MOST + 1), { text: history.text, label }];
  return { text, past, future: [], last: { about, at: now } };
}

export function undone(history: History): History {
  const step = history.past.at(-1);
  if (!step) return history;
  return { text: step.text, past: history.past.slice(0, -1), future: [{ text: history.text, label: step.label }, ...history.future] };
}

export function redone(history: History): History {
  const [step, ...future] = history.future;
  if (!step) return history;
  return { text: step.text, past: [...history.past, { text: history.text, label: step.label }], future };
}
