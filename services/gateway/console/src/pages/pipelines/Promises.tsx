/** Who answers for a pipeline and its tasks, and what it promises about time and money: how that stands. */
import { Link } from 'react-router';
import { useHealth, type Health, type Pipeline } from '../../api/pipelines';
import { named, t } from '../../i18n';
import { Card, Pairs } from '../../parts/Page';
import { Answer, Empty } from '../../parts/states';
import { Mark } from '../../parts/Status';
import { Table, type Column } from '../../parts/Table';
import { Time } from '../../parts/Time';
import { durationText, listText, moneyText } from '../../parts/values';
import type { Definition } from './definition';
import css from './Pipeline.module.css';

const run = (id: string) => (id ? <Link to={`/runs/${id}`}>{id.slice(0, 8)}</Link> : '–');

const FRESHNESS = (): Column<Health['freshness'][number]>[] => [
  { id: 'asset', name: t('pipelines.asset'), cell: (row) => <Link to={`/assets/${encodeURIComponent(row.asset)}`}>{row.name || row.asset}</Link> },
  { id: 'state', name: t('pipelines.status'), cell: (row) => (row.breachedAt ? <Mark tone="bad" icon="warning">{t('pipelines.promises.late')}</Mark> : <Mark tone="good" icon="check">{t('pipelines.promises.kept')}</Mark>) },
  { id: 'age', name: t('pipelines.promises.age'), number: true, cell: (row) => durationText(row.maxAgeMs) },
  { id: 'last', name: t('pipelines.promises.last'), cell: (row) => <Time at={row.lastAt} /> },
  { id: 'due', name: t('pipelines.promises.due'), wide: true, cell: (row) => <Time at={row.breachedAt ?? row.dueAt} /> },
  { id: 'run', name: t('pipelines.run'), wide: true, cell: (row) => run(row.lastRunId) },
];
const DEADLINES = (): Column<Health['deadlines'][number]>[] => [
  { id: 'name', name: t('pipelines.name'), cell: (row) => row.name },
  { id: 'cron', name: t('pipelines.promises.by'), cell: (row) => <><code>{row.cron}</code> {row.timezone}</> },
  { id: 'last', name: t('pipelines.last'), cell: (row) => (row.lastOutcome ? named('pipelines.outcome', row.lastOutcome) : '–') },
  { id: 'next', name: t('pipelines.next'), cell: (row) => <Time at={row.nextInstant} /> },
  { id: 'run', name: t('pipelines.run'), wide: true, cell: (row) => run(row.lastRunId) },
];
const BUDGETS = (): Column<Health['budgets'][number]>[] => [
  { id: 'of', name: t('pipelines.budget.of'), cell: (row) => row.owner || t('pipelines.one') },
  { id: 'spent', name: t('home.figure.spent'), number: true, cell: (row) => moneyText(row.spent || '0', row.currency) },
  { id: 'amount', name: t('pipelines.budget'), number: true, cell: (row) => moneyText(row.amount, row.currency) },
  { id: 'period', name: t('pipelines.budget.period'), cell: (row) => named('pipelines.period', row.period) },
  { id: 'state', name: t('pipelines.status'), cell: (row) => (row.holdsRuns ? <Mark tone="bad" icon="lock">{t('pipelines.budget.holds')}</Mark> : row.crossed.length > 0 ? <Mark tone="warn" icon="warning">{`${row.crossed.at(-1)} %`}</Mark> : <Mark tone="good" icon="check">{t('pipelines.promises.kept')}</Mark>) },
];

export function Promises({ of, definition }: { of: Pipeline; definition: Definition | undefined }) {
  const health = useHealth(of.id);
  const owners = new Map<string, string[]>();
  for (const task of definition?.tasks ?? []) if (task.owner) owners.set(task.owner, [...(owners.get(task.owner) ?? []), task.id]);
  return (
    <div className={css.stack}>
      <Card title={t('pipelines.owners')}>
        <Pairs
          of={[
            [t('pipelines.owner'), definition?.owner || t('pipelines.owner.none')],
            ...[...owners].map(([owner, tasks]): [string, string] => [owner, listText(tasks, 5)]),
          ]}
        />
      </Card>
      <Answer of={health}>
        {(now) => (
          <>
            {now.freshness.length + now.deadlines.length + now.budgets.length + now.assetTriggers.length === 0 && (
              <Card>
                <Empty icon="clock" title={t('pipelines.promises.none')}>
                  {t('pipelines.promises.none.more')}
                </Empty>
              </Card>
            )}
            {now.freshness.length > 0 && (
              <Card title={t('pipelines.promises.freshness')} flush>
                <Table label={t('pipelines.promises.freshness')} rows={now.freshness} columns={FRESHNESS()} id={(row) => row.name} />
              </Card>
            )}
            {now.deadlines.length > 0 && (
              <Card title={t('pipelines.promises.deadlines')} flush>
                <Table label={t('pipelines.promises.deadlines')} rows={now.deadlines} columns={DEADLINES()} id={(row) => row.name} />
              </Card>
            )}
            {now.budgets.length > 0 && (
              <Card title={t('pipelines.budget')} flush>
                <Table label={t('pipelines.budget')} rows={now.budgets} columns={BUDGETS()} id={(row) => row.owner} />
              </Card>
            )}
            {now.assetTriggers.length > 0 && (
              <Card title={t('pipelines.promises.gathers')}>
                <ul className={css.rows}>
                  {now.assetTriggers.map((one) => (
                    <li key={one.name}>
                      <span>{one.name}</span>
                      <span className={css.muted}>
                        {one.gathered.length > 0 ? t('pipelines.promises.gathered', { assets: listText(one.gathered) }) : t('pipelines.promises.waits', { assets: listText(one.assets) })}{' '}
                        {one.startsAt && <Time at={one.startsAt} />}
                      </span>
                    </li>
                  ))}
                </ul>
              </Card>
            )}
          </>
        )}
      </Answer>
    </div>
  );
}
