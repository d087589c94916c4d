/** Sums of costs over a range of time, grouped as chosen: by day as bars, in all as a table. */
import { useSearchParams } from 'react-router';
import { GROUPS, money, useCosts, type CostSum, type Group } from '../../../api/costs';
import { ScopeBar } from '../../../app/ScopeBar';
import { useScope } from '../../../app/scope';
import { t } from '../../../i18n';
import { Bars, COLOURS } from '../../../parts/Bars';
import { Select } from '../../../parts/Field';
import { Card } from '../../../parts/Page';
import { Answer, Empty } from '../../../parts/states';
import { Table } from '../../../parts/Table';
import { dayOf, numberText, percentText } from '../../../parts/values';
import css from '../operate.module.css';
import { chart, currencies, days, totals } from './chart';

export function Sums() {
  const [query, setQuery] = useSearchParams();
  const scope = useScope('30d');
  const by: Group = GROUPS.find((one) => one === query.get('by')) ?? 'pipeline';
  const costs = useCosts([by, 'day'], { from: scope.from, to: scope.to, owner: scope.owner });
  const choose = (value: string) =>
    setQuery((old) => {
      const next = new URLSearchParams(old);
      if (value === 'pipeline') next.delete('by');
      else next.set('by', value);
      return next;
    }, { replace: true });
  return (
    <div className={css.stack}>
      <div className={css.between}>
        <Select aria-label={t('operate.costs.by')} value={by} choose={choose} choices={GROUPS.map((value) => ({ value, name: t(`operate.costs.by.${value}`) }))} />
        <ScopeBar scope={scope} ranges={['24h', '7d', '30d']} />
      </div>
      <Answer of={costs} lines={6}>
        {({ sums, unpriced }) => (
          <>
            {sums.length === 0 && (
              <Card>
                <Empty icon="costs" title={t('operate.costs.none')}>{t('operate.costs.none.more')}</Empty>
              </Card>
            )}
            {currencies(sums).map((currency) => (
              <OneCurrency key={currency} currency={currency} sums={sums.filter((sum) => sum.currency === currency)} by={by} from={scope.from} to={scope.to} />
            ))}
            {unpriced.length > 0 && (
              <Card title={t('operate.costs.unpriced')} count={unpriced.length}>
                <p className={css.faint}>{t('operate.costs.unpriced.more')}</p>
                <p>{unpriced.map((one) => `${one.unit} (${numberText(Number(one.quantity))})`).join(' · ')}</p>
              </Card>
            )}
          </>
        )}
      </Answer>
    </div>
  );
}

function OneCurrency({ currency, sums, by, from, to }: { currency: string; sums: CostSum[]; by: Group; from: string; to: string }) {
  const rows = totals(sums, by);
  const whole = rows.reduce((all, row) => all + row.total, 0);
  const { groups, bars } = chart(sums, by, days(from, to));
  const nobody = t('operate.costs.nobody');
  return (
    <>
      <Card title={t('operate.costs.total', { total: money(whole, currency) })}>
        <Bars
          label={t('operate.costs.chart', { currency, total: money(whole, currency) })}
          series={groups.map((name, at) => ({ name: name === undefined ? t('operate.costs.others') : name || nobody, colour: COLOURS[at]! }))}
          bars={bars.map((bar) => ({ id: bar.day, name: dayOf(`${bar.day}T12:00:00Z`, 'UTC'), values: bar.values }))}
          format={(value) => money(value, currency)}
          height={180}
        />
      </Card>
      <Card flush>
        <Table
          label={t('operate.costs.sums')}
          rows={rows}
          id={(row) => row.name}
          sort="sort"
          columns={[
            { id: 'name', name: t(`operate.costs.by.${by}`), by: (row) => row.name, cell: (row) => row.name || <span className={css.faint}>{nobody}</span> },
            { id: 'billed', name: t('operate.costs.billed'), number: true, wide: true, by: (row) => row.billed, cell: (row) => money(row.billed, currency) },
            { id: 'estimated', name: t('operate.costs.estimated'), number: true, wide: true, by: (row) => row.estimated, cell: (row) => money(row.estimated, currency) },
            { id: 'total', name: t('operate.costs.sum'), number: true, by: (row) => row.total, cell: (row) => <b>{money(row.total, currency)}</b> },
            { id: 'part', name: t('operate.costs.part'), number: true, by: (row) => row.total, cell: (row) => (whole > 0 ? percentText(row.total / whole) : '–') },
          ]}
        />
      </Card>
    </>
  );
}
