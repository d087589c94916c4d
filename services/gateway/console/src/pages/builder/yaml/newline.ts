/** A new line, indented as what follows needs it: below a key that has no value yet, beside the keys of an item. */
import type { StateCommand } from '@codemirror/state';

/** Spaces at the beginning of a line after one that begins with `before` the cursor. */
export function indentAfter(before: string): number {
  const lead = /^ */.exec(before)![0].length;
  const dashes = /^(- +)+/.exec(before.slice(lead))?.[0].length ?? 0;
  const content = before.slice(lead + dashes).replace(/(^|\s)#.*$/, '').trimEnd();
  if (content === '') return lead;
  // Texts of lines stand further right than their key.
  if (/(^|\s)[|>][0-9+-]*$/.test(content) || /:$/.test(content)) return lead + dashes + 2;
  return lead + (/^("[^"]*"|'[^']*'|[^\s:#]+):(\s|$)/.test(content) ? dashes : 0);
}

export const newline: StateCommand = ({ state, dispatch }) => {
  if (state.readOnly) return false;
  const { from, to } = state.selection.main;
  if (state.selection.ranges.length > 1) return false;
  const line = state.doc.lineAt(from);
  const insert = `\n${' '.repeat(indentAfter(line.text.slice(0, from - line.from)))}`;
  dispatch(state.update({ changes: { from, to, insert }, selection: { anchor: from + insert.length }, scrollIntoView: true, userEvent: 'input' }));
  return true;
};
