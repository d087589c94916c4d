/** Where expressions name a task, a group or an input, and how they are made to name it by another id. */
import { isScalar, visit, type Pair, type Scalar } from 'yaml';
import { keyText, rangeOf, readWhole, type Doc } from './tree';
import type { Splice } from './splice';

const ROOTS = { task: ['tasks', 'PIPELINE_RUN_TASKS'], group: ['task_groups', 'PIPELINE_RUN_TASK_GROUPS'] };
type Named = keyof typeof ROOTS | 'input';

const escaped = (id: string) => id.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');

/**
 * As `tasks['id']` may be written inside any of YAML's quotes, and `inputs.id` besides; names and ids are alike in upper
 * and lower case.
 */
function pattern(kind: Named, id: string): RegExp {
  const bracket = (roots: string) => `(?<before>(?:${roots})\\s*\\[\\s*(?<quote>''?|\\\\?"))(?<id>${escaped(id)})\\k<quote>\\s*\\]`;
  if (kind !== 'input') return new RegExp(`(?<![\\w])${bracket(ROOTS[kind].join('|'))}`, 'gi');
  return new RegExp(`(?<![\\w.])(?:${bracket('inputs')}|(?<beforeDot>inputs\\s*\\.\\s*)(?<idDot>${escaped(id)})(?!\\w))`, 'gi');
}

/** The parts of an expression that are texts. Inside YAML's quotes, `''` and `\"` are one character each. */
function quoted(written: string, from: number, to: number): [number, number][] {
  const out: [number, number][] = [];
  let open: { quote: string; at: number } | undefined;
  let escaped = false;
  for (let at = from, next = from; at < to; at = next) {
    const pair = (written[0] === "'" && written.startsWith("''", at)) || (written[0] === '"' && written[at] === '\\');
    next = at + (pair ? 2 : 1);
    const char = written[next - 1]!;
    if (escaped) escaped = false;
    else if (!open) open = char === "'" || char === '"' ? { quote: char, at } : undefined;
    else if (char === '\\') escaped = true;
    else if (char === open.quote) {
      out.push([open.at, next]);
      open = undefined;
    }
  }
  return out;
}

/** The parts of a scalar's text that are expressions: all of a condition, what stands in `${{ }}` elsewhere. */
function expressions(written: string, condition: boolean): [number, number][] {
  if (condition && !written.includes('${{')) {
    const quoted = /^(['"]).*\1$/s.test(written) ? 1 : 0;
    return [[quoted, written.length - quoted]];
  }
  return [...written.matchAll(/\$\{\{[\s\S]*?\}\}/g)].map((found) => [found.index, found.index + found[0].length]);
}

function scalars(doc: Doc): { node: Scalar; condition: boolean }[] {
  const out: { node: Scalar; condition: boolean }[] = [];
  visit(doc, {
    Scalar(key, node, parents) {
      if (key === 'key' || !node.range) return;
      const pair = parents.at(-1) as Pair | undefined;
      out.push({ node, condition: key === 'value' && pair !== undefined && keyText(pair) === 'condition' });
    },
  });
  return out;
}

export function renameReferences(text: string, kind: Named, id: string, next: string): Splice[] {
  const wanted = pattern(kind, id);
  return scalars(readWhole(text)).flatMap(({ node, condition }) => {
    if (!isScalar(node)) return [];
    const [from, to] = rangeOf(node);
    const written = text.slice(from, to);
    return expressions(written, condition).flatMap(([start, end]) => {
      const texts = quoted(written, start, end);
      return [...written.slice(start, end).matchAll(wanted)].flatMap((found) => {
        if (texts.some(([first, last]) => first <= start + found.index && start + found.index < last)) return [];
        const { before, id: old, beforeDot, idDot } = found.groups!;
        const at = from + start + found.index + (before ?? beforeDot!).length;
        return [{ from: at, to: at + (old ?? idDot!).length, insert: next }];
      });
    });
  });
}

/** How many expressions name it. */
export const references = (text: string, kind: Named, id: string): number => renameReferences(text, kind, id, id).length;
