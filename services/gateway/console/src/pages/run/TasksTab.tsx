/** The tasks of the run as a table: searched, filtered by status, sorted; only rows in sight are in the page. */
import { useMemo, type KeyboardEvent } from 'react';
import { useSearchParams } from 'react-router';
import { named, t } from '../../i18n';
import { Search, Select } from '../../parts/Field';
import { Icon } from '../../parts/Icon';
import { Card } from '../../parts/Page';
import { Empty } from '../../parts/states';
import { Status } from '../../parts/Status';
import { ordered, orderOf } from '../../parts/Table';
import { Duration, Time } from '../../parts/Time';
import { between, numberText } from '../../parts/values';
import { useWindow } from '../../parts/window';
import { countBy, type RunTask } from './model/tasks';
import type { RunView } from './useRunView';
import css from './run.module.css';

const ROW = 36;
const HEAD = 32;

interface Column {
  id: string;
  name: string;
  by?: (task: RunTask) => string | number | undefined;
  cell: (task: RunTask) => React.ReactNode;
}

const columns = (): Column[] => [
  { id: 'name', name: t('run.task'), by: (task) => task.taskName, cell: (task) => <span title={`${task.taskName} (${task.key})`}>{task.taskName}</span> },
  { id: 'status', name: t('run.status'), by: (task) => task.status, cell: (task) => <Status of={task.status} /> },
  { id: 'integration', name: t('run.task.integration'), by: (task) => task.integration, cell: (task) => `${task.integration} · ${task.integrationJob}` },
  { id: 'started', name: t('run.started'), by: (task) => task.startedAt ?? undefined, cell: (task) => <Time at={task.startedAt} /> },
  { id: 'duration', name: t('run.duration'), by: (task) => between(task.startedAt, task.completedAt), cell: (task) => <Duration from={task.startedAt} to={task.completedAt} /> },
  { id: 'attempts', name: t('run.task.attempts'), by: (task) => task.numberOfAttempts, cell: (task) => numberText(task.numberOfAttempts) },
  { id: 'message', name: t('run.task.message'), cell: (task) => <span lang="en" title={task.message ?? ''}>{task.message}</span> },
];

export function TasksTab({ view, choose }: { view: RunView; choose: (key: string) => void }) {
  const [query, setQuery] = useSearchParams();
  const put = (name: string, value: string) =>
    setQuery(
      (old) => {
        const next = new URLSearchParams(old);
        if (value) next.set(name, value);
        else next.delete(name);
        return next;
      },
      { replace: true },
    );
  const [sought, status, order] = [query.get('q') ?? '', query.get('status') ?? '', orderOf(query.get('sort'))];
  const list = columns();
  const counts = useMemo(() => countBy(view.shown), [view.shown]);
  const rows = useMemo(() => {
    const text = sought.trim().toLowerCase();
    const found = view.shown.filter((task) => (status === '' || task.status === status) && (text === '' || task.taskName.toLowerCase().includes(text) || task.key.toLowerCase().includes(text)));
    const by = columns().find((column) => column.id === order?.column)?.by;
    return by ? ordered(found, by, order!.down) : found;
  }, [view.shown, sought, status, order?.column, order?.down]);
  const { ref, shown, onScroll, reveal } = useWindow(rows.length, ROW, HEAD);
  const press = (event: KeyboardEvent) => {
    const row = (event.target as HTMLElement).closest<HTMLElement>('[data-row]');
    if (!row) return;
    const at = Number(row.dataset.row);
    const step = { ArrowDown: 1, j: 1, ArrowUp: -1, k: -1 }[event.key];
    if (event.key === 'Enter') choose(rows[at]!.key);
    else if (step) {
      event.preventDefault();
      const next = Math.max(0, Math.min(rows.length - 1, at + step));
      reveal(next);
      requestAnimationFrame(() => ref.current?.querySelector<HTMLElement>(`[data-row="${next}"]`)?.focus());
    }
  };
  return (
    <Card flush>
      <div className={css.filters}>
        <Search value={sought} search={(text) => put('q', text)} label={t('run.task.search')} />
        <span className={css.pick}>
          <Select
            aria-label={t('run.status')}
            value={status}
            choices={[{ value: '', name: `${t('run.anyStatus')} (${numberText(view.shown.length)})` }, ...[...counts].map(([value, many]) => ({ value, name: `${named('parts.status', value)} (${numberText(many)})` }))]}
            choose={(value) => put('status', value)}
          />
        </span>
      </div>
      <div ref={ref} className={css.tasks} onScroll={onScroll} role="table" aria-label={t('run.tab.tasks')} aria-rowcount={rows.length + 1} onKeyDown={press} tabIndex={rows.length === 0 ? 0 : undefined}>
        <div role="rowgroup" className={css.tasksHead}>
          <div role="row" aria-rowindex={1} className={css.taskRow}>
            {list.map((column) => (
              <span key={column.id} role="columnheader" aria-sort={order?.column === column.id ? (order.down ? 'descending' : 'ascending') : undefined}>
                {column.by ? (
                  <button type="button" className={css.sort} onClick={() => put('sort', order?.column === column.id && !order.down ? `-${column.id}` : column.id)}>
                    {column.name}
                    {order?.column === column.id && <Icon name={order.down ? 'down' : 'up'} size={12} />}
                  </button>
                ) : (
                  column.name
                )}
              </span>
            ))}
          </div>
        </div>
        <div role="rowgroup" className={css.rows} style={{ height: rows.length * ROW }}>
          {rows.slice(shown.first, shown.end).map((task, k) => (
            <div
              key={task.id}
              role="row"
              aria-rowindex={shown.first + k + 2}
              data-row={shown.first + k}
              tabIndex={0}
              className={`${css.taskRow} ${css.pressed}`}
              style={{ top: (shown.first + k) * ROW }}
              onClick={() => choose(task.key)}
            >
              {list.map((column) => (
                <span key={column.id} role="cell">
                  {column.cell(task)}
                </span>
              ))}
            </div>
          ))}
        </div>
        {rows.length === 0 && <Empty title={t('run.task.none')} tight />}
      </div>
    </Card>
  );
}
