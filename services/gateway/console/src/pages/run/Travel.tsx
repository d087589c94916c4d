/** The slider over the events of a run: graph, Gantt and tasks show it as it stood at the chosen instant. */
import { t } from '../../i18n';
import { Button } from '../../parts/Button';
import { useNow } from '../../parts/clock';
import { Icon } from '../../parts/Icon';
import { Status } from '../../parts/Status';
import { exactTime } from '../../parts/values';
import { runStatusAt } from './model/timeline';
import type { RunView } from './useRunView';
import css from './run.module.css';

/** Places of the slider. */
const STEPS = 1_000;

export function Travel({ view }: { view: RunView }) {
  const { run, told, at, travel } = view;
  const now = useNow(5_000);
  const from = Date.parse(run.createdAt ?? '');
  const to = run.completedAt ? Date.parse(run.completedAt) : Math.max(now, told.at(-1)?.at ?? 0);
  if (Number.isNaN(from) || to <= from) return null;
  const place = at === undefined ? STEPS : Math.round((STEPS * (at - from)) / (to - from));
  const slide = (next: number) => travel(next >= STEPS ? undefined : Math.floor(from + ((to - from) * next) / STEPS));
  const step = (way: 1 | -1) => {
    const here = at ?? to;
    const next = way === 1 ? told.find((moment) => moment.at > here) : told.findLast((moment) => moment.at < (at === undefined ? here + 1 : here));
    if (next) travel(next.at >= to && run.completedAt ? undefined : next.at);
    else if (way === 1) travel(undefined);
  };
  return (
    <div className={`${css.travel} ${at === undefined ? '' : css.past}`}>
      <Icon name="clock" size={14} />
      <span className={css.travelName}>{t('run.travel')}</span>
      <Button small kind="quiet" icon="left" label={t('run.travel.before')} onClick={() => step(-1)} disabled={at !== undefined && at <= from} />
      <input
        type="range"
        min={0}
        max={STEPS}
        value={Math.max(0, Math.min(STEPS, place))}
        aria-label={t('run.travel.slider')}
        aria-valuetext={at === undefined ? t('run.live') : exactTime(at)}
        title={t('run.travel.hint')}
        onChange={(event) => slide(Number(event.target.value))}
      />
      <Button small kind="quiet" icon="right" label={t('run.travel.next')} onClick={() => step(1)} disabled={at === undefined} />
      {at !== undefined && (
        <>
          <span className={css.then} role="status">
            {t('run.travel.then', { time: exactTime(at) })}
          </span>
          <Status of={runStatusAt(run, at)} chip />
          <Button small kind="primary" onClick={() => travel(undefined)}>
            {t('run.travel.now')}
          </Button>
        </>
      )}
    </div>
  );
}
