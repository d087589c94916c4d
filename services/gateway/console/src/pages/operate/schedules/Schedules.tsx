/** The calendar of schedules: what fires when, what has fired and how late it began; and how each schedule does. */
import { useMemo } from 'react';
import { Link, useSearchParams } from 'react-router';
import { t } from '../../../i18n';
import { zoneName } from '../../../app/settings';
import { useNow } from '../../../parts/clock';
import { Button } from '../../../parts/Button';
import { Needs } from '../../../parts/Needs';
import { Card, Page } from '../../../parts/Page';
import { Empty, Failed, Loading } from '../../../parts/states';
import { Choices } from '../../../parts/Tabs';
import { dayOf } from '../../../parts/values';
import css from './Schedules.module.css';
import { beginOf, dayIn, daysOf, hourIn, linesOf, plusDays, timeIn, type Event, type View } from './calendar';
import { Entry } from './Entry';
import { useEvents } from './events';
import { Lateness } from './Lateness';

export function Schedules() {
  return (
    <Page title={t('shell.nav.schedules')} about={t('operate.schedules.about')}>
      <Needs role="VIEWER">{() => <Calendar />}</Needs>
    </Page>
  );
}

function Calendar() {
  const [query, setQuery] = useSearchParams();
  const zone = zoneName();
  const now = useNow(30_000);
  const today = dayIn(now, zone);
  const view: View = query.get('view') === 'day' ? 'day' : 'week';
  const given = query.get('day') ?? '';
  const day = /^\d{4}-\d{2}-\d{2}$/.test(given) && !Number.isNaN(Date.parse(given)) ? given : today;
  const days = daysOf(view, day);
  const [from, to] = useMemo(() => [beginOf(days[0]!, zone), beginOf(plusDays(days.at(-1)!, 1), zone)], [days[0], days.length, zone]);
  const { events, pending, error, cut, trends } = useEvents(from, to, now);
  const go = (some: { view?: View; day?: string }) =>
    setQuery((old) => {
      const next = new URLSearchParams(old);
      const put = (name: string, value: string) => (value ? next.set(name, value) : next.delete(name));
      if (some.view) put('view', some.view === 'week' ? '' : some.view);
      if (some.day !== undefined) put('day', some.day === today ? '' : some.day);
      return next;
    }, { replace: true });
  const step = view === 'week' ? 7 : 1;
  const on = (one: string) => events.filter((event) => dayIn(event.at, zone) === one);
  return (
    <div className={css.stack}>
      <div className={css.bar}>
        <Button icon="left" label={t('operate.schedules.before')} onClick={() => go({ day: plusDays(day, -step) })} />
        <Button denied={days.includes(today) ? t('operate.schedules.today.shown') : undefined} onClick={() => go({ day: today })}>{t('operate.schedules.today')}</Button>
        <Button icon="right" label={t('operate.schedules.after')} onClick={() => go({ day: plusDays(day, step) })} />
        <h2>{view === 'day' ? long(day) : `${long(days[0]!)} – ${long(days[6]!)}`}</h2>
        <span className={css.grow} />
        <span className={css.faint}>{zone}</span>
        <Choices<View> label={t('operate.schedules.view')} value={view} choose={(one) => go({ view: one })} of={[{ value: 'week', name: t('operate.schedules.week') }, { value: 'day', name: t('operate.schedules.day') }]} />
      </div>
      {error ? <Failed error={error} tight /> : null}
      {cut && <p className={css.faint}>{t('operate.schedules.cut')}</p>}
      {pending ? (
        <Loading lines={6} />
      ) : events.length === 0 ? (
        <Card>
          <Empty icon="schedules" title={t('operate.schedules.none')}>{t('operate.schedules.none.more')}</Empty>
        </Card>
      ) : view === 'week' ? (
        <div className={css.week}>
          {days.map((one) => (
            <section key={one} className={`${css.day} ${one === today ? css.today : ''} ${on(one).length === 0 ? css.bare : ''}`} aria-label={long(one)}>
              <h3>
                <Link to={`?view=day&day=${one}`}>{long(one)}</Link>
              </h3>
              <ul>
                {linesOf(on(one)).map((line) => (
                  <li key={line.id}><Entry of={line} now={now} zone={zone} /></li>
                ))}
              </ul>
            </section>
          ))}
        </div>
      ) : (
        <Hours events={on(day)} now={now} zone={zone} today={day === today} />
      )}
      <Lateness of={trends} />
    </div>
  );
}

const long = (day: string) => dayOf(`${day}T12:00:00Z`, 'UTC');

/** A day, hour by hour. */
function Hours({ events, now, zone, today }: { events: Event[]; now: number; zone: string; today: boolean }) {
  return (
    <ol className={css.hours}>
      {Array.from({ length: 24 }, (_, hour) => {
        const here = events.filter((event) => hourIn(event.at, zone) === hour);
        return (
          <li key={hour} className={today && hourIn(now, zone) === hour ? css.now : undefined}>
            <span className={css.hour}>{`${String(hour).padStart(2, '0')}:00`}</span>
            <div className={css.chips}>
              {linesOf(here).map((line) => (
                <Entry key={line.id} of={line} now={now} zone={zone} />
              ))}
              {here.length === 0 && <span className="only-spoken">{t('parts.none')}</span>}
              {today && hourIn(now, zone) === hour && <span className={css.mark}>{t('operate.schedules.now', { time: timeIn(now, zone) })}</span>}
            </div>
          </li>
        );
      })}
    </ol>
  );
}
