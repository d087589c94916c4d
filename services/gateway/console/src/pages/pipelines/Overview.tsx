/** The first look at a pipeline: its last runs, what comes next, what it promises, where its text is kept. */
import { Link } from 'react-router';
import { money, useCosts } from '../../api/costs';
import { useHealth, useSchedules, type PipelineMore } from '../../api/pipelines';
import { useScope } from '../../app/scope';
import { t } from '../../i18n';
import { Code } from '../../parts/Code';
import { Card, Pairs } from '../../parts/Page';
import { planned, plannedText } from '../../parts/planned';
import { Answer, Empty } from '../../parts/states';
import { Mark, Status } from '../../parts/Status';
import { Duration, Time } from '../../parts/Time';
import { shortTime } from '../../parts/values';
import { LastRuns } from './cells';
import type { Definition } from './definition';
import css from './Pipeline.module.css';

const FIRINGS = 3;

function LatestRuns({ of }: { of: PipelineMore }) {
  return (
    <Card title={t('pipelines.lastRuns')}>
      {of.latestRunId && of.latestRunStatus ? (
        <>
          <div className={css.bars}>
            <LastRuns of={of} count={30} />
          </div>
          <Pairs
            of={[
              [t('pipelines.last'), <Link key="run" to={`/runs/${of.latestRunId}`}><Status of={of.latestRunStatus} /></Link>],
              [t('pipelines.started'), <Time key="at" at={of.latestRunStartedAt ?? of.latestRunCreatedAt} />],
              [t('pipelines.took'), of.latestRunStartedAt ? <Duration key="took" from={of.latestRunStartedAt} to={of.latestRunCompletedAt} /> : undefined],
            ]}
          />
        </>
      ) : (
        <Empty tight icon="runs" title={t('pipelines.never')}>
          {t('pipelines.never.more')}
        </Empty>
      )}
    </Card>
  );
}

function Coming({ of, definition }: { of: PipelineMore; definition: Definition | undefined }) {
  const schedules = useSchedules(of.id, FIRINGS);
  return (
    <Card title={t('pipelines.next')}>
      <Answer of={schedules} tight>
        {(all) => {
          const firings = all
            .filter((one) => !one.paused && planned(one.schedule.name, definition?.schedules).kind !== 'deadline')
            .flatMap((one) => one.firings.map((firing) => ({ at: firing.instant, name: plannedText(one.schedule.name, definition?.schedules) || one.schedule.cron })))
            .sort((a, b) => a.at.localeCompare(b.at))
            .slice(0, FIRINGS);
          return firings.length === 0 ? (
            <Empty tight icon="schedules" title={t(of.paused ? 'pipelines.paused' : 'pipelines.noSchedule')}>
              {t(of.paused ? 'pipelines.pause.more' : 'pipelines.noSchedule.more')}
            </Empty>
          ) : (
            <ul className={css.rows}>
              {firings.map((one) => (
                <li key={`${one.name} ${one.at}`}>
                  <span>{one.name}</span>
                  <span className={css.muted}>
                    <Time at={one.at} /> · {shortTime(one.at)}
                  </span>
                </li>
              ))}
            </ul>
          );
        }}
      </Answer>
    </Card>
  );
}

function Kept({ of, definition }: { of: PipelineMore; definition: Definition | undefined }) {
  const { from, to } = useScope('30d');
  const costs = useCosts([], { from, to, pipeline: of.id });
  const health = useHealth(of.id);
  const late = health.data?.freshness.filter((one) => one.breachedAt).length ?? 0;
  const git = of.storageProvider !== 'ORCHESTRA';
  return (
    <Card title={t('pipelines.about')}>
      <Pairs
        of={[
          [t('pipelines.owner'), definition?.owner || t('pipelines.owner.none')],
          [t('pipelines.tasks'), of.numTasks],
          [t('pipelines.version'), of.publishedVersionNumber == null ? t('pipelines.draft') : String(of.publishedVersionNumber)],
          [t('pipelines.changed'), <Time key="changed" at={of.updatedAt} />],
          [t('pipelines.kept'), git ? `${of.repository} · ${of.yamlPath}` : 'Downbeat'],
          [t('pipelines.branch'), git ? of.workingBranch || of.defaultBranch : undefined],
          [t('pipelines.commit'), of.lastSyncedCommit ? <Code key="commit" short>{of.lastSyncedCommit.slice(0, 10)}</Code> : undefined],
          [t('pipelines.cost30'), costs.data ? costs.data.sums.map((sum) => money(sum.total, sum.currency)).join(' + ') || t('pipelines.cost.none') : '–'],
          [t('pipelines.promises'), health.data && health.data.freshness.length + health.data.deadlines.length > 0 ? late > 0 ? <Mark key="late" tone="bad" icon="warning">{t('pipelines.promises.broken', { count: late })}</Mark> : <Mark key="kept" tone="good" icon="check">{t('pipelines.promises.kept')}</Mark> : undefined],
          ['ID', <Code key="id" short>{of.id}</Code>],
        ]}
      />
    </Card>
  );
}

export function Overview({ of, definition }: { of: PipelineMore; definition: Definition | undefined }) {
  return (
    <div className={css.cards}>
      <LatestRuns of={of} />
      <Coming of={of} definition={definition} />
      <Kept of={of} definition={definition} />
    </div>
  );
}
