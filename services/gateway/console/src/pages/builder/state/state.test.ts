import { describe, expect, it } from 'vitest';
import { begin, edited, redone, undone } from './history';
import { keepUnsaved, unsaved } from './kept';

describe('the history', () => {
  it('what is typed in one go is one step; forms and graph are steps of their own', () => {
    let history = begin('a');
    history = edited(history, 'ab', 'typing', 'typed', 0);
    history = edited(history, 'abc', 'typing', 'typed', 300);
    history = edited(history, 'abcd', 'typing', 'typed', 3_000);
    history = edited(history, 'abcde', 'a task more', 'add', 3_100);
    const seen = [history.text];
    while (history.past.length > 0) {
      history = undone(history);
      seen.push(history.text);
    }
    expect(seen).toEqual(['abcde', 'abcd', 'abc', 'a']);
    while (history.future.length > 0) history = redone(history);
    expect(history.text).toBe('abcde');
  });
  it('an edit after an undo ends what could be done again', () => {
    const history = edited(undone(edited(begin('a'), 'b', 'x', 'x', 0)), 'c', 'y', 'y', 1);
    expect([history.text, history.past.map((step) => step.text), history.future]).toEqual(['c', ['a'], []]);
  });
  it('nothing to undo or redo changes nothing', () => {
    const history = begin('a');
    expect([undone(history), redone(history), edited(history, 'a', 'x', 'x', 0)]).toEqual([history, history, history]);
  });
});

describe('unsaved edits', () => {
  const store = () => {
    const values = new Map<string, string>();
    return { getItem: (name: string) => values.get(name) ?? null, setItem: (name: string, value: string) => void values.set(name, value), removeItem: (name: string) => void values.delete(name) };
  };
  it('come back, of each pipeline its own', () => {
    const ours = store();
    keepUnsaved('a', { text: 'x', base: 3, baseText: 'y' }, ours);
    expect(unsaved('a', ours)).toEqual({ text: 'x', base: 3, baseText: 'y' });
    expect(unsaved('new:a', ours)).toBeUndefined();
    keepUnsaved('a', undefined, ours);
    expect(unsaved('a', ours)).toBeUndefined();
  });
  it.each(['{', '7', '{"text": 1}', 'null'])('%s is nothing', (found) => expect(unsaved('a', { ...store(), getItem: () => found })).toBeUndefined());
  it('a browser without room is told', () => {
    const full = { ...store(), setItem: () => { throw new DOMException('full', 'QuotaExceededError'); } };
    expect(keepUnsaved('a', { text: 'x', base: 0, baseText: '' }, full)).toBe(false);
  });
});
