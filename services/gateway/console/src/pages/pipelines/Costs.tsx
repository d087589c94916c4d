/** What a pipeline costs: by task and unit, day by day, and what could be saved of it. */
import { money, useCosts, useSavings, type CostSum } from '../../api/costs';
import type { Pipeline } from '../../api/pipelines';
import { useScope } from '../../app/scope';
import { ScopeBar } from '../../app/ScopeBar';
import { t } from '../../i18n';
import { Card } from '../../parts/Page';
import { Answer, Empty } from '../../parts/states';
import { Table, type Column } from '../../parts/Table';
import { daily, spent } from '../home/figures';
import { sentences } from '../home/words';
import { DayBars } from './DayBars';
import css from './Pipeline.module.css';

const COLUMNS = (): Column<CostSum>[] => [
  { id: 'task', name: t('pipelines.task'), cell: (row) => row.task || '–' },
  { id: 'unit', name: t('pipelines.cost.unit'), cell: (row) => <code>{row.unit || '–'}</code> },
  { id: 'estimated', name: t('pipelines.cost.estimated'), number: true, wide: true, cell: (row) => money(row.estimated, row.currency) },
  { id: 'billed', name: t('pipelines.cost.billed'), number: true, wide: true, cell: (row) => money(row.billed, row.currency) },
  { id: 'total', name: t('pipelines.cost.total'), number: true, by: (row) => Number(row.total), cell: (row) => money(row.total, row.currency) },
];

export function Costs({ of }: { of: Pipeline }) {
  const scope = useScope('30d');
  const filter = { from: scope.from, to: scope.to, pipeline: of.id };
  const byTask = useCosts(['task', 'unit'], filter);
  const byDay = useCosts(['day'], filter);
  const savings = useSavings();
  const found = savings.data?.savings.filter((one) => one.subject === of.alias || one.subject.startsWith(`${of.alias}/`)) ?? [];
  return (
    <div className={css.stack}>
      <div className={css.bar} style={{ marginBottom: 0 }}>
        <span className={css.grow} />
        <ScopeBar scope={scope} ranges={['24h', '7d', '30d']} />
      </div>
      <Card title={t('pipelines.cost.days')} count={byDay.data && (spent(byDay.data.sums).map((one) => money(one.micros, one.currency)).join(' + ') || undefined)}>
        <Answer of={byDay} tight>
          {({ sums }) => {
            const currencies = spent(sums);
            return currencies.length === 0 ? (
              <Empty tight icon="costs" title={t('pipelines.cost.none')}>
                {t('pipelines.cost.none.more')}
              </Empty>
            ) : (
              <div className={css.stack}>
                {currencies.map(({ currency }) => (
                  <DayBars key={currency} values={daily(sums, currency, scope.from, scope.to)} first={scope.from} currency={currency} />
                ))}
              </div>
            );
          }}
        </Answer>
      </Card>
      <Card title={t('pipelines.cost.tasks')} flush>
        <Answer of={byTask} tight>
          {({ sums }) => (
            <Table
              label={t('pipelines.cost.tasks')}
              rows={[...sums].sort((a, b) => Number(b.total) - Number(a.total))}
              columns={COLUMNS()}
              id={(row) => `${row.task} ${row.unit} ${row.currency}`}
              sort="costs"
              empty={<Empty tight icon="costs" title={t('pipelines.cost.none')} />}
            />
          )}
        </Answer>
      </Card>
      {found.length > 0 && (
        <Card title={t('home.savings')}>
          <ul className={css.rows}>
            {found.map((one) => (
              <li key={`${one.rule} ${one.subject}`}>
                <span lang="en">{sentences(one.what, one.advice)}</span>
                <b>{one.saved ? money(one.saved, one.currency) : t('home.savings.open')}</b>
              </li>
            ))}
          </ul>
        </Card>
      )}
    </div>
  );
}
