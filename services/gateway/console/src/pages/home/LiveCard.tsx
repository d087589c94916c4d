/** What is happening: what is late, the runs that go on with how far they are, and why each one waits. */
import { Link } from 'react-router';
import type { Happening, LiveRun, Statement, Waiting } from '../../api/answers';
import { named, t } from '../../i18n';
import { ButtonLink } from '../../parts/Button';
import { Icon } from '../../parts/Icon';
import { Card, Progress } from '../../parts/Page';
import { Answer, Empty, type Asked } from '../../parts/states';
import { Status } from '../../parts/Status';
import { Duration, Time } from '../../parts/Time';
import { parts } from './figures';
import { readable } from './words';
import css from './Home.module.css';

/** Of what waits in one run, as many as are shown beside it. */
const WAITS_SHOWN = 3;

function Why({ of }: { of: Waiting }) {
  return (
    <div className={css.waits}>
      <Icon name={of.kind === 'APPROVAL' ? 'user' : 'clock'} size={13} />
      <span>
        {of.task ? <b>{of.task}</b> : t('home.live.itself')} {named('home.rule', of.why?.rule ?? of.kind)}
        {of.until && (
          <>
            {' '}
            <Time at={of.until} />
          </>
        )}
      </span>
    </div>
  );
}

/** Counts in words; what is nought is left out, but for what is done. */
function counted({ done, running, waiting }: { done: number; running: number; waiting: number }): string {
  const said = [t('home.live.done', { count: done })];
  if (running > 0) said.push(t('home.live.running', { count: running }));
  if (waiting > 0) said.push(t('home.live.waiting', { count: waiting }));
  return said.join(' · ');
}

function Live({ of, waits }: { of: LiveRun; waits: Waiting[] }) {
  const { run } = of;
  const count = parts(of);
  return (
    <li className={css.row}>
      <span className={css.name}>
        <Link to={`/runs/${run.id}`}>{run.pipelineName || run.pipelineAlias}</Link>
        <Status of={run.status} chip />
        {run.environment && <span className={css.more}>{run.environment}</span>}
      </span>
      <span className={css.side}>
        <Duration from={run.startedAt ?? run.createdAt} />
      </span>
      {count && (
        <div className={css.progress}>
          <Progress
            whole={count.whole}
            parts={[
              { count: count.done, colour: 'var(--good-fill)' },
              { count: count.running, colour: 'var(--live-fill)' },
            ]}
            label={counted(count)}
          />
        </div>
      )}
      <span className={css.more}>{count ? counted(count) : t('home.live.tasks', { count: run.tasks })}</span>
      <span className={css.side}>{of.started && named('home.rule', of.started.rule)}</span>
      {waits.slice(0, WAITS_SHOWN).map((wait) => (
        <Why key={wait.task} of={wait} />
      ))}
      {waits.length > WAITS_SHOWN && <div className={css.waits}>{t('home.live.moreWaits', { count: waits.length - WAITS_SHOWN })}</div>}
    </li>
  );
}

function Late({ of }: { of: Statement }) {
  return (
    <li className={css.late}>
      <Icon name="warning" />
      <span lang="en">{readable(of.text)}</span>
    </li>
  );
}

export function LiveCard({ of, mine }: { of: Asked<Happening>; mine: (alias: string) => boolean }) {
  const shown = of.data?.runs.filter((one) => mine(one.run.pipelineAlias));
  return (
    <Card
      title={t('home.happening')}
      count={shown?.length}
      flush
      acts={
        <ButtonLink to="/runs" kind="quiet" small>
          {t('home.allRuns')}
        </ButtonLink>
      }
    >
      <Answer of={of} tight>
        {(now) => (
          <>
            {now.late.length > 0 && (
              <ul>
                {now.late.map((one, at) => (
                  <Late key={at} of={one} />
                ))}
              </ul>
            )}
            {shown!.length === 0 ? (
              <Empty tight icon="clock" title={t('home.live.none')}>
                {t('home.live.none.more')}
              </Empty>
            ) : (
              <ul className={css.rows}>
                {shown!.map((one) => (
                  <Live key={one.run.id} of={one} waits={now.waiting.filter((wait) => wait.runId === one.run.id)} />
                ))}
              </ul>
            )}
            {now.moreRuns > 0 && (
              <div className={css.rest}>
                <Link to="/runs">{t('home.live.moreRuns', { count: now.moreRuns })}</Link>
              </div>
            )}
          </>
        )}
      </Answer>
    </Card>
  );
}
