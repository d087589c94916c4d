/** The run over time: a row per task, its attempts as bars. Only rows in sight are in the page. */
import { memo, useMemo, type KeyboardEvent } from 'react';
import { named, t } from '../../i18n';
import { useNow } from '../../parts/clock';
import { Icon } from '../../parts/Icon';
import { Card } from '../../parts/Page';
import { Empty } from '../../parts/states';
import { ended, iconOf, toneOf } from '../../parts/status';
import { durationText } from '../../parts/values';
import { useWindow } from '../../parts/window';
import { attemptsFor } from './model/attempts';
import { criticalPath, ganttRows, ticks, type GanttRow } from './model/gantt';
import type { RunView } from './useRunView';
import css from './gantt.module.css';

const ROW = 28;
const HEAD = 28;
/** Pixels of a window in which few lines of the scale have room, and a label takes much of a lane. */
const NARROW = 720;
/** Percent of a lane that a label takes. */
const ROOM = { narrow: 32, wide: 12 };

export function GanttTab({ view, choose }: { view: RunView; choose: (key: string) => void }) {
  const { run, shown, shape, attempts, at } = view;
  const second = useNow(1_000);
  const now = at ?? (ended(run.runStatus) ? Date.parse(run.completedAt ?? '') : second);
  const critical = useMemo(() => criticalPath(shown, shape.edges, shape.groupOf), [shown, shape]);
  const rows = useMemo(() => {
    // What began after the chosen instant had not begun then.
    const known = at === undefined ? attempts : undefined;
    return ganttRows(shown, (task) => attemptsFor(task, known), critical);
  }, [shown, attempts, critical, at]);
  const from = Date.parse(run.startedAt ?? run.createdAt ?? '');
  const span = Math.max(1, now - from);
  const { ref, shown: seen, onScroll, reveal } = useWindow(rows.length, ROW, HEAD);
  const lines = ticks(span, innerWidth < NARROW ? 2 : 8);
  const press = (event: KeyboardEvent) => {
    const row = (event.target as HTMLElement).closest<HTMLElement>('[data-row]');
    const step = { ArrowDown: 1, j: 1, ArrowUp: -1, k: -1 }[event.key];
    if (!row || !step) return;
    event.preventDefault();
    const next = Math.max(0, Math.min(rows.length - 1, Number(row.dataset.row) + step));
    reveal(next);
    requestAnimationFrame(() => ref.current?.querySelector<HTMLElement>(`[data-row="${next}"]`)?.focus());
  };
  if (rows.every((row) => row.attempts.length === 0)) return <Empty title={t('run.gantt.empty')} />;
  return (
    <Card flush className={css.card}>
      <div ref={ref} className={css.gantt} onScroll={onScroll} onKeyDown={press} role="list" aria-label={t('run.gantt.label')}>
        <div className={css.scale} aria-hidden="true">
          <span className={css.name}>{t('run.task')}</span>
          <span className={css.lane}>
            {lines.map((line) => (
              <span key={line} style={{ left: `${(100 * line) / span}%` }}>
                {line === 0 ? '0' : durationText(line)}
              </span>
            ))}
          </span>
        </div>
        <div className={css.rows} style={{ height: rows.length * ROW }} role="presentation">
          <div className={css.grid} aria-hidden="true">
            {lines.map((line) => (
              <span key={line} style={{ left: `${(100 * line) / span}%` }} />
            ))}
          </div>
          {rows.slice(seen.first, seen.end).map((row, k) => (
            <Row key={row.task.id} row={row} index={seen.first + k} all={rows.length} from={from} span={span} now={row.attempts.some((one) => one.to === undefined) ? now : 0} choose={choose} />
          ))}
        </div>
      </div>
      <p className={css.legend}>
        <span className={css.mark} aria-hidden="true" />
        {t('run.gantt.legend')}
        {view.large && ` ${t('run.gantt.single')}`}
      </p>
    </Card>
  );
}

interface RowProps {
  row: GanttRow;
  index: number;
  all: number;
  from: number;
  span: number;
  now: number;
  choose: (key: string) => void;
}

const Row = memo(function Row({ row, index, all, from, span, now, choose }: RowProps) {
  const { task, attempts, critical } = row;
  const words = attempts.map((one) => t('run.gantt.bar', { number: one.number, status: named('parts.status', one.status), duration: durationText((one.to ?? now) - one.from) }));
  const last = attempts.at(-1);
  return (
    <div role="listitem" aria-setsize={all} aria-posinset={index + 1} className={css.row} style={{ top: index * ROW }}>
      <button
        type="button"
        data-row={index}
        className={`${css.press} ${critical ? css.critical : ''}`}
        onClick={() => choose(task.key)}
      >
        <span className={`${css.name} ${css[toneOf(task.status)]}`}>
          <Icon name={iconOf(task.status)} size={13} spin={task.status === 'RUNNING'} />
          <span title={task.taskName}>{task.taskName}</span>
        </span>
        <span className="only-spoken">
          {words.join('; ') || t('run.gantt.none')}
          {critical && `. ${t('run.gantt.critical')}`}
        </span>
        <span className={css.lane}>
          {attempts.map((one, at) => (
            <span
              key={one.number}
              className={`${css.bar} ${one.to === undefined ? css.open : ''}`}
              title={words[at]}
              style={{ left: `${Math.max(0, (100 * (one.from - from)) / span)}%`, width: `${Math.max(0.15, (100 * ((one.to ?? now) - one.from)) / span)}%`, background: `var(--${toneOf(one.status)}-fill)` }}
            />
          ))}
          {last && <Label from={(last.to ?? now) - from} span={span} text={durationText((last.to ?? now) - last.from)} begins={last.from - from} />}
        </span>
      </button>
    </div>
  );
});

/** How long it took: behind the bar, before it where there is no room, or on it. */
function Label({ from, span, text, begins }: { from: number; span: number; text: string; begins: number }) {
  const [begin, end] = [(100 * begins) / span, (100 * from) / span];
  const room = innerWidth < NARROW ? ROOM.narrow : ROOM.wide;
  const [behind, before] = [end <= 100 - room, begin >= room];
  const place = behind ? { left: `${end}%`, marginLeft: 6 } : before ? { right: `${100 - begin}%`, marginRight: 6 } : { left: `${(begin + end) / 2}%` };
  return (
    <span className={`${css.label} ${!behind && !before ? css.inside : ''}`} aria-hidden="true" style={place}>
      {text}
    </span>
  );
}
