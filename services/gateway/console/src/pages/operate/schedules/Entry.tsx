/** A line of the calendar: when, which schedule of which pipeline, and how it went if it was. */
import { Link } from 'react-router';
import { named, t } from '../../../i18n';
import { Icon } from '../../../parts/Icon';
import { plannedText } from '../../../parts/planned';
import { iconOf, toneOf } from '../../../parts/status';
import { durationText } from '../../../parts/values';
import css from './Schedules.module.css';
import { timeIn, worst, type Line } from './calendar';

/** From so many milliseconds on a begin is called late. */
const LATE = 60_000;

export function Entry({ of, now, zone }: { of: Line; now: number; zone: string }) {
  const first = of.events[0]!;
  const last = of.events.at(-1)!;
  const status = worst(of);
  const late = Math.max(...of.events.map((event) => event.lateMs ?? 0));
  const gone = new Date(last.at).getTime() < now;
  const times = of.events.length === 1 ? timeIn(first.at, zone) : `${timeIn(first.at, zone)} – ${timeIn(last.at, zone)}`;
  const said = [
    `${of.pipeline}: ${plannedText(of.schedule)}`,
    times,
    of.events.length > 1 ? t('operate.schedules.times', { count: of.events.length }) : '',
    status ? named('parts.status', status) : '',
    late >= LATE ? t('operate.schedules.late', { late: durationText(late) }) : '',
    first.paused ? t('operate.schedules.paused') : '',
  ].filter(Boolean);
  return (
    <Link className={css.entry} data-tone={status ? toneOf(status) : 'coming'} data-gone={(gone && !status) || first.paused || undefined} to={of.events.length === 1 && first.runId ? `/runs/${first.runId}` : `/pipelines/${of.pipelineId}`} title={said.join('\n')}>
      <span className={css.times}>
        {status ? <Icon name={iconOf(status)} size={12} /> : <Icon name={first.paused ? 'pause' : 'clock'} size={12} />}
        {times}
        {of.events.length > 1 && <b>×{of.events.length}</b>}
        {late >= LATE && <em>+{durationText(late)}</em>}
      </span>
      <span className={css.name}>{of.pipeline}</span>
      <small>{plannedText(of.schedule)}</small>
      {status && <span className="only-spoken">{named('parts.status', status)}</span>}
      {first.paused && <span className="only-spoken">{t('operate.schedules.paused')}</span>}
    </Link>
  );
}
