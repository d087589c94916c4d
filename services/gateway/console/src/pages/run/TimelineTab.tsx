/** What happened in the run, in its order: one line per event. A line leads to its task, and to its instant. */
import { t } from '../../i18n';
import { Icon, type IconName } from '../../parts/Icon';
import { Card } from '../../parts/Page';
import { Empty, Loading } from '../../parts/states';
import { clockTime, exactTime } from '../../parts/values';
import { useWindow } from '../../parts/window';
import { named } from '../../i18n';
import type { Moment } from './model/timeline';
import { who } from './trigger';
import type { RunView } from './useRunView';
import css from './run.module.css';

const ROW = 30;

const ICONS: [RegExp, IconName, string][] = [
  [/FAILED|LOST|TIMED_OUT/, 'cross', 'bad'],
  [/SUCCEEDED|DECIDED|ENDED|FINISHED/, 'check', 'good'],
  [/CANCEL|STOP/, 'stop', 'warn'],
  [/SKIPPED|CARRIED/, 'skip', 'idle'],
  [/STARTED|REQUESTED/, 'play', 'live'],
  [/CREATED|ADMITTED|OPENED|EXPANDED/, 'plus', 'idle'],
];
const looks = (kind: string): [IconName, string] => {
  const found = ICONS.find(([sign]) => sign.test(kind));
  return found ? [found[1], found[2]] : ['dot', 'idle'];
};

export function TimelineTab({ view, choose }: { view: RunView; choose: (key: string) => void }) {
  const { told, at, large, events, travel } = view;
  const { ref, shown, onScroll } = useWindow(told.length, ROW);
  if (!events && !large) return <Loading lines={8} />;
  if (told.length === 0) return <Empty title={t('run.why.none')} />;
  return (
    <Card flush>
      {large && <p className={css.hint}>{t('run.why.large')}</p>}
      <div ref={ref} className={css.events} onScroll={onScroll} tabIndex={0} role="region" aria-label={t('run.tab.timeline')}>
        <ol className={css.rows} style={{ height: told.length * ROW }}>
          {told.slice(shown.first, shown.end).map((moment, k) => (
            <Line key={shown.first + k} moment={moment} top={(shown.first + k) * ROW} later={at !== undefined && moment.at > at} travel={travel} choose={choose} />
          ))}
        </ol>
      </div>
    </Card>
  );
}

function Line({ moment, top, later, travel, choose }: { moment: Moment; top: number; later: boolean; travel: (at: number) => void; choose: (key: string) => void }) {
  const [icon, tone] = looks(moment.kind);
  return (
    <li className={`${css.event} ${later ? css.later : ''}`} style={{ top }}>
      <button type="button" className={css.instant} title={t('run.travel.then', { time: exactTime(moment.at) })} onClick={() => travel(moment.at)}>
        {clockTime(moment.at)}.{String(moment.at % 1_000).padStart(3, '0')}
      </button>
      <span className={css[tone]}>
        <Icon name={icon} size={14} />
      </span>
      <span className={css.eventWords}>
        {moment.task !== '' && (
          <button type="button" className={css.link} onClick={() => choose(moment.task)}>
            {moment.task}
          </button>
        )}{' '}
        <span lang={moment.text ? 'en' : undefined} title={moment.text}>{moment.text || named('run.event', moment.kind)}</span>
      </span>
      <span className={css.actor}>{who(moment.actor)}</span>
    </li>
  );
}
