/**
 * A graph as a list (`treegrid`): whatever the drawing says stands here in words. Arrow keys go from row to row, left
 * and right shut and open groups, Enter chooses; a group that cannot be chosen is shut and opened instead. Only rows in
 * sight are in the page.
 */
import { useMemo, useState, type KeyboardEvent, type MouseEvent, type ReactNode } from 'react';
import { t } from '../i18n';
import { Icon } from '../parts/Icon';
import { Empty } from '../parts/states';
import { numberText } from '../parts/values';
import { useWindow } from '../parts/window';
import type { GraphProps } from './Graph';
import { GraphBar } from './GraphBar';
import { rowsOf, type GraphRow } from './rows';
import type { GraphGroup, GraphNode } from './types';
import css from './Graph.module.css';

export interface ListColumn<Data> {
  id: string;
  name: string;
  cell: (node: GraphNode<Data>) => ReactNode;
  /** Pixels. */
  width: number;
}

const ROW = 32;
const HEAD = 32;

type ListProps<Data> = GraphProps<Data> & { groups: readonly GraphGroup[]; change: (view: 'graph' | 'list') => void };

export function GraphList<Data>({ label, nodes, edges, groups, selected, onSelect, onSelectGroup, columns = [], change, acts }: ListProps<Data>) {
  const [shut, setShut] = useState<ReadonlySet<string>>(new Set());
  const [sought, setSought] = useState('');
  const [at, setAt] = useState(0);
  const rows = useMemo(() => rowsOf({ nodes, edges, groups, shut, sought }), [nodes, edges, groups, shut, sought]);
  const { ref, shown, onScroll, reveal } = useWindow(rows.length, ROW, HEAD);
  const here = Math.min(at, rows.length - 1);

  const turn = (id: string, open: boolean) =>
    setShut((old) => {
      const next = new Set(old);
      if (open) next.delete(id);
      else next.add(id);
      return next;
    });
  const move = (to: number) => {
    const next = Math.max(0, Math.min(rows.length - 1, to));
    setAt(next);
    reveal(next);
    requestAnimationFrame(() => ref.current?.querySelector<HTMLElement>(`[data-row="${next}"]`)?.focus());
  };
  const press = (event: KeyboardEvent) => {
    const row = rows[here];
    const step = { ArrowDown: 1, j: 1, ArrowUp: -1, k: -1, PageDown: 15, PageUp: -15, Home: -rows.length, End: rows.length }[event.key];
    if (step) move(here + step);
    else if ((event.key === 'ArrowLeft' || event.key === 'ArrowRight') && row?.kind === 'group') turn(row.id, event.key === 'ArrowRight');
    else if (event.key === 'Enter' && row) press1(row);
    else return;
    event.preventDefault();
  };
  const press1 = (row: GraphRow<Data>) => {
    if (row.kind === 'node') onSelect?.(row.id);
    else if (onSelectGroup) onSelectGroup(row.id);
    else turn(row.id, !row.open);
  };
  const search = (text: string) => {
    setSought(text);
    setAt(0);
    const lower = text.trim().toLowerCase();
    return nodes.filter((node) => node.label.toLowerCase().includes(lower) || node.words.toLowerCase().includes(lower)).length;
  };
  const template = `minmax(200px, 2fr) 130px minmax(140px, 1fr) ${columns.map((column) => `${column.width}px`).join(' ')}`;
  return (
    <>
      <GraphBar view="list" change={change} search={search} next={() => rows.length > 0 && move(0)} acts={acts} />
      <div ref={ref} className={css.list} onScroll={onScroll} role="treegrid" aria-label={label} aria-rowcount={rows.length + 1} aria-colcount={3 + columns.length} tabIndex={rows.length > 0 ? undefined : 0} onKeyDown={press}>
        <div className={css.listHead} role="row" aria-rowindex={1} style={{ gridTemplateColumns: template }}>
          {[t('graph.name'), t('graph.status'), t('graph.follows'), ...columns.map((column) => column.name)].map((name) => (
            <span key={name} role="columnheader">
              {name}
            </span>
          ))}
        </div>
        <div role="rowgroup" style={{ height: rows.length * ROW, position: 'relative' }}>
          {rows.slice(shown.first, shown.end).map((row, k) => {
            const index = shown.first + k;
            return (
              <div
                key={row.id}
                role="row"
                data-row={index}
                aria-rowindex={index + 2}
                aria-level={row.kind === 'group' ? 1 : row.level}
                aria-expanded={row.kind === 'group' ? row.open : undefined}
                aria-selected={row.kind === 'node' || onSelectGroup ? row.id === selected : undefined}
                tabIndex={index === here ? 0 : -1}
                className={`${css.row} ${row.id === selected ? css.chosen : ''}`}
                style={{ top: index * ROW, gridTemplateColumns: template }}
                onFocus={() => setAt(index)}
                onClick={() => press1(row)}
              >
                {row.kind === 'group' ? <GroupCells row={row} columns={columns} turn={() => turn(row.id, !row.open)} /> : <NodeCells row={row} columns={columns} />}
              </div>
            );
          })}
        </div>
        {rows.length === 0 && <Empty title={t('graph.none')} tight />}
      </div>
    </>
  );
}

function GroupCells<Data>({ row, columns, turn }: { row: Extract<GraphRow<Data>, { kind: 'group' }>; columns: ListColumn<Data>[]; turn: () => void }) {
  // The arrow keys do the same: nothing that only a mouse can.
  const press = (event: MouseEvent) => {
    event.stopPropagation();
    turn();
  };
  return (
    <>
      <span role="gridcell" className={css.groupName}>
        <span className={css.turn} onClick={press}>
          <Icon name={row.open ? 'down' : 'right'} size={14} />
        </span>
        {row.group.label}
        <span className={css.many}>{numberText(row.many)}</span>
      </span>
      <span role="gridcell">{row.group.words}</span>
      <span role="gridcell" />
      {columns.map((column) => (
        <span key={column.id} role="gridcell" />
      ))}
    </>
  );
}

function NodeCells<Data>({ row, columns }: { row: Extract<GraphRow<Data>, { kind: 'node' }>; columns: ListColumn<Data>[] }) {
  const { node, follows, many } = row;
  return (
    <>
      <span role="gridcell" className={row.level === 2 ? css.within : undefined} title={node.label}>
        {node.label}
      </span>
      <span role="gridcell">
        <span className={css.swatch} style={{ background: `var(--${node.tone}-fill)` }} aria-hidden="true" />
        {node.words}
      </span>
      <span role="gridcell" title={follows.join(', ')}>
        {follows.join(', ')}
        {many > follows.length && ` +${numberText(many - follows.length)}`}
      </span>
      {columns.map((column) => (
        <span key={column.id} role="gridcell">
          {column.cell(node)}
        </span>
      ))}
    </>
  );
}
