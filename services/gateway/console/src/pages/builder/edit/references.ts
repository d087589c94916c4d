/** Where expressions name a task or a group, and how they are made to name it by another id. */
import { isScalar, visit, type Pair, type Scalar } from 'yaml';
import { keyText, rangeOf, readWhole, type Doc } from './tree';
import type { Splice } from './splice';

const TASKS = ['tasks', 'PIPELINE_RUN_TASKS'];
const GROUPS = ['task_groups', 'PIPELINE_RUN_TASK_GROUPS'];

const escaped = (id: string) => id.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');

/** As `tasks['id']` may be written inside any of YAML's quotes; names and ids are alike in upper and lower case. */
function pattern(kind: 'task' | 'group', id: string): RegExp {
  const roots = (kind === 'task' ? TASKS : GROUPS).join('|');
  return new RegExp(`(?<![\\w])((?:${roots})\\s*\\[\\s*(''?|\\\\?"))(${escaped(id)})(\\2\\s*\\])`, 'gi');
}

/** The parts of a scalar's text that are expressions: all of a condition, what stands in `${{ }}` elsewhere. */
function expressions(written: string, condition: boolean): [number, number][] {
  if (condition && !written.includes('${{')) return [[0, written.length]];
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

export function renameReferences(text: string, kind: 'task' | 'group', id: string, next: string): Splice[] {
  const wanted = pattern(kind, id);
  return scalars(readWhole(text)).flatMap(({ node, condition }) => {
    if (!isScalar(node)) return [];
    const [from, to] = rangeOf(node);
    const written = text.slice(from, to);
    return expressions(written, condition).flatMap(([start, end]) =>
      [...written.slice(start, end).matchAll(wanted)].map((found) => {
        const at = from + start + found.index + found[1]!.length;
        return { from: at, to: at + found[3]!.length, insert: next };
      }),
    );
  });
}

/** How many expressions name it. */
export const references = (text: string, kind: 'task' | 'group', id: string): number => renameReferences(text, kind, id, id).length;
