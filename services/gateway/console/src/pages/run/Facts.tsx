/** The facts of a run in a row: trigger, version, times, cost, how far it is. */
import { Link } from 'react-router';
import { useRunCost, type Run, type TaskRun } from '../../api/runs';
import { t } from '../../i18n';
import { Icon } from '../../parts/Icon';
import { Progress } from '../../parts/Page';
import { toneOf } from '../../parts/status';
import { Duration, Money, Time } from '../../parts/Time';
import { countBy, runTasks } from './model/tasks';
import { safeLink } from './model/sentence';
import { TriggerWords } from './trigger';
import css from './run.module.css';

const ORDER = ['SUCCEEDED', 'WARNING', 'FAILED', 'SKIPPED', 'CANCELLED', 'RUNNING', 'CANCELLING'];
const DONE = new Set(ORDER.slice(0, 5));

function Fact({ name, children }: { name: string; children: React.ReactNode }) {
  return (
    <div className={css.fact}>
      <dt>{name}</dt>
      <dd>{children}</dd>
    </div>
  );
}

export function Facts({ run, tasks, version }: { run: Run; tasks?: TaskRun[]; version: number }) {
  const cost = useRunCost(run, version).data;
  const inputs = typeof run.runInputs === 'object' && run.runInputs !== null ? Object.keys(run.runInputs) : [];
  const commit = safeLink(run.gitLink);
  return (
    <>
      <div className={css.facts}>
        <dl className={css.list}>
        <Fact name={t('run.trigger')}>
          <TriggerWords of={run.triggeredBy} />
        </Fact>
        <Fact name={t('run.version')}>
          <Link to={`/pipelines/${run.pipelineId}?tab=versions&version=${run.pipelineVersionNumber}`}>{run.pipelineVersionNumber}</Link>
        </Fact>
        {run.envName && <Fact name={t('run.environment')}>{run.envName}</Fact>}
        {run.commit && (
          <Fact name={t('run.commit')}>
            {run.branch && `${run.branch} · `}
            {commit ? (
              <a href={commit} target="_blank" rel="noreferrer noopener">
                <code>{run.commit.slice(0, 8)}</code>
              </a>
            ) : (
              <code>{run.commit.slice(0, 8)}</code>
            )}
          </Fact>
        )}
        <Fact name={t('run.started')}>
          <Time at={run.startedAt ?? run.createdAt} />
        </Fact>
        <Fact name={t('run.duration')}>
          <Duration from={run.startedAt} to={run.completedAt} />
        </Fact>
        <Fact name={t('run.cost')}>
          {cost && cost.length > 0
            ? cost.map(({ amount, currency }) => (
                <span key={currency}>
                  <Money amount={amount} currency={currency} />{' '}
                </span>
              ))
            : '–'}
        </Fact>
        {run.childPipelineRuns.length > 0 && (
          <Fact name={t('run.children')}>
            {run.childPipelineRuns.slice(0, 3).map(({ pipelineRunId }) => (
              <span key={pipelineRunId}>
                <Link to={`/runs/${pipelineRunId}`}>{pipelineRunId.slice(0, 8)}</Link>{' '}
              </span>
            ))}
          </Fact>
        )}
        </dl>
        {tasks && <Far tasks={tasks} />}
      </div>
      {inputs.length > 0 && (
        <details className={css.inputs}>
          <summary>
            <Icon name="right" size={13} />
            {t('run.inputs')} <span>{inputs.slice(0, 6).join(', ')}{inputs.length > 6 && '…'}</span>
          </summary>
          <pre tabIndex={0}>{JSON.stringify(run.runInputs, null, 2).slice(0, 20_000)}</pre>
        </details>
      )}
    </>
  );
}

function Far({ tasks }: { tasks: TaskRun[] }) {
  const shown = runTasks(tasks);
  const counts = countBy(shown);
  const done = [...counts].reduce((sum, [status, many]) => (DONE.has(status) ? sum + many : sum), 0);
  const label = t('run.progress', { done, all: shown.length });
  return (
    <div className={css.far}>
      <span>{label}</span>
      <Progress whole={shown.length} label={label} parts={ORDER.map((status) => ({ count: counts.get(status) ?? 0, colour: `var(--${toneOf(status)}-fill)` }))} />
    </div>
  );
}
