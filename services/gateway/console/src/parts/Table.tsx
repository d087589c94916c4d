/**
 * Rows. Columns that can be compared sort on a click on their head (the choice stands in the URL); j and k or the arrow
 * keys go from row to row, Enter opens. The head stays in sight. Knows nothing about what the rows are.
 */
import { useMemo, type KeyboardEvent, type ReactNode } from 'react';
import { useNavigate, useSearchParams } from 'react-router';
import { t } from '../i18n';
import { Button } from './Button';
import { Icon } from './Icon';
import { numberText } from './values';
import css from './Table.module.css';

export interface Column<Row> {
  id: string;
  name: string;
  cell: (row: Row) => ReactNode;
  /** What rows are ordered by; undefined comes last, whichever way. */
  by?: (row: Row) => string | number | undefined;
  number?: boolean;
  /** No wider than what it holds. */
  tight?: boolean;
  /** Left out where the window is narrow. */
  wide?: boolean;
  /** Stands only where the window is narrow, for what is left out there. */
  narrow?: boolean;
  /** The name is spoken and not shown: buttons need none. */
  quiet?: boolean;
}

interface TableProps<Row> {
  label: string;
  rows: Row[];
  columns: Column<Row>[];
  id: (row: Row) => string;
  /** Where a row leads. */
  to?: (row: Row) => string;
  chosen?: string;
  /** Name of the parameter in the URL; without it, the table keeps the order of the rows. */
  sort?: string;
  empty?: ReactNode;
  /** As many rows are drawn at once; which of them, says `page` in the URL. */
  size?: number;
}

type Order = { column: string; down: boolean };

/** `-name` is by name, the last first. */
export function orderOf(text: string | null): Order | undefined {
  if (!text) return undefined;
  return text.startsWith('-') ? { column: text.slice(1), down: true } : { column: text, down: false };
}

export function ordered<Row>(rows: Row[], by: (row: Row) => string | number | undefined, down: boolean): Row[] {
  const sign = down ? -1 : 1;
  return [...rows].sort((a, b) => {
    const [x, y] = [by(a), by(b)];
    if (x === undefined || y === undefined) return x === y ? 0 : x === undefined ? 1 : -1;
    return sign * (typeof x === 'string' && typeof y === 'string' ? x.localeCompare(y, undefined, { numeric: true }) : Number(x) - Number(y));
  });
}

export function Table<Row>({ label, rows, columns, id, to, chosen, sort, empty, size }: TableProps<Row>) {
  const [query, setQuery] = useSearchParams();
  const navigate = useNavigate();
  const order = sort ? orderOf(query.get(sort)) : undefined;
  const by = columns.find((column) => column.id === order?.column)?.by;
  const all = useMemo(() => (order && by ? ordered(rows, by, order.down) : rows), [rows, by, order?.down]);
  // A page that is no more, as when a filter leaves few rows, is the last one.
  const page = size ? Math.min(Math.max(1, Number(query.get('page')) || 1), Math.max(1, Math.ceil(all.length / size))) : 1;
  const shown = size ? all.slice((page - 1) * size, page * size) : all;
  if (rows.length === 0 && empty) return <>{empty}</>;

  const press = (column: Column<Row>) => {
    const first = column.number === true;
    const down = order?.column === column.id ? !order.down : first;
    setQuery(
      (old) => {
        const next = new URLSearchParams(old);
        next.set(sort!, `${down ? '-' : ''}${column.id}`);
        return next;
      },
      { replace: true },
    );
  };
  const turn = (next: number) =>
    setQuery(
      (old) => {
        const changed = new URLSearchParams(old);
        if (next === 1) changed.delete('page');
        else changed.set('page', String(next));
        return changed;
      },
      { replace: true },
    );
  const move = (event: KeyboardEvent<HTMLTableSectionElement>) => {
    const step = { ArrowDown: 1, j: 1, ArrowUp: -1, k: -1 }[event.key];
    const row = (event.target as HTMLElement).closest('tr');
    if (!row || event.target !== row) return;
    if (event.key === 'Enter' && to) {
      const found = shown[row.sectionRowIndex];
      if (found) void navigate(to(found));
    } else if (step) {
      event.preventDefault();
      (row.parentElement!.children[row.sectionRowIndex + step] as HTMLElement | undefined)?.focus();
    }
  };
  const classes = (column: Column<Row>) => [column.number && css.number, column.tight && css.tight, column.wide && css.wide, column.narrow && css.narrow].filter(Boolean).join(' ');
  return (
    <div className={css.frame} tabIndex={0} role="group" aria-label={label}>
      <table className={css.table}>
        <caption className="only-spoken">{label}</caption>
        <thead>
          <tr>
            {columns.map((column) => (
              <th
                key={column.id}
                scope="col"
                className={classes(column)}
                aria-sort={order?.column === column.id ? (order.down ? 'descending' : 'ascending') : undefined}
              >
                {column.by && sort ? (
                  <button type="button" className={css.sort} onClick={() => press(column)}>
                    {column.name}
                    <Icon name={order?.column === column.id && order.down ? 'down' : 'up'} size={12} />
                  </button>
                ) : (
                  <span className={column.quiet ? 'only-spoken' : undefined}>{column.name}</span>
                )}
              </th>
            ))}
          </tr>
        </thead>
        <tbody onKeyDown={move}>
          {shown.map((row) => (
            <tr key={id(row)} tabIndex={to ? 0 : undefined} className={chosen === id(row) ? css.chosen : undefined} aria-current={chosen === id(row) || undefined}>
              {columns.map((column) => (
                <td key={column.id} className={classes(column)}>
                  {column.cell(row)}
                </td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
      {size !== undefined && <Pager page={page} size={size} total={all.length} go={turn} />}
    </div>
  );
}

/** The pages of a list that the server cuts: `page` from 1 on. */
export function Pager({ page, size, total, go }: { page: number; size: number; total: number; go: (page: number) => void }) {
  const pages = Math.max(1, Math.ceil(total / size));
  if (total <= size && page === 1) return null;
  return (
    <div className={css.foot}>
      <span>{t('parts.pager', { from: numberText((page - 1) * size + 1), to: numberText(Math.min(total, page * size)), total: numberText(total) })}</span>
      <Button small icon="left" label={t('parts.pager.before')} disabled={page <= 1} onClick={() => go(page - 1)} />
      <Button small icon="right" label={t('parts.pager.next')} disabled={page >= pages} onClick={() => go(page + 1)} />
    </div>
  );
}

/** Lists that go on by a token. */
export function MoreRows({ more, pending, load }: { more: boolean; pending: boolean; load: () => void }) {
  if (!more) return null;
  return (
    <div className={css.foot}>
      <Button small pending={pending} onClick={load}>
        {t('parts.loadMore')}
      </Button>
    </div>
  );
}
