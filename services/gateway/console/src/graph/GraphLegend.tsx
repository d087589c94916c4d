/** What the colours of a graph mean, with how many nodes stand so. */
import { memo } from 'react';
import { numberText } from '../parts/values';
import type { GraphNode } from './types';
import css from './Graph.module.css';

/** Words, tone and number of nodes, the most first. */
export function legend(nodes: readonly GraphNode[]): { words: string; tone: string; many: number }[] {
  const found = new Map<string, { words: string; tone: string; many: number }>();
  for (const { words, tone } of nodes) {
    const one = found.get(words);
    if (one) one.many += 1;
    else found.set(words, { words, tone, many: 1 });
  }
  return [...found.values()].sort((a, b) => b.many - a.many);
}

export const GraphLegend = memo(function GraphLegend({ nodes, label }: { nodes: readonly GraphNode[]; label: string }) {
  return (
    <ul className={css.legend} aria-label={label}>
      {legend(nodes).map(({ words, tone, many }) => (
        <li key={words}>
          <span className={css.swatch} style={{ background: `var(--${tone}-fill)` }} aria-hidden="true" />
          {words} <span className={css.many}>{numberText(many)}</span>
        </li>
      ))}
    </ul>
  );
});
