/** What an asset costs beside how often it is used, by day: money that nobody gets anything for is seen at once. */
import { useMemo } from 'react';
import type { AssetDetail, Usage } from '../../api/assets';
import { money, useCosts } from '../../api/costs';
import { t } from '../../i18n';
import { Bars, COLOURS } from '../../parts/Bars';
import { useNow } from '../../parts/clock';
import { Card } from '../../parts/Page';
import { Answer, Empty, type Asked } from '../../parts/states';
import { numberText } from '../../parts/values';
import { Figures } from './Figures';
import { daily } from './history';
import css from './assets.module.css';

const DAYS = 30;

export function CostPanel({ asset, usage }: { asset: AssetDetail; usage: Asked<Usage> }) {
  const now = useNow(60_000);
  const from = useMemo(() => new Date(Math.floor(now / 86_400_000 - DAYS + 1) * 86_400_000).toISOString(), [Math.floor(now / 86_400_000)]);
  const costs = useCosts(['day'], { asset: asset.externalId, from });
  return (
    <Answer of={costs} lines={6}>
      {({ sums }) => {
        const currencies = [...new Set(sums.map((sum) => sum.currency))].sort();
        const uses = daily(usage.data?.usage?.days ?? [], DAYS, now);
        const used = uses.reduce((all, day) => all + day.uses, 0);
        const whole = (currency: string) => sums.filter((sum) => sum.currency === currency).reduce((all, sum) => all + Number(sum.total), 0);
        return (
          <>
            <Figures
              of={[
                ...(currencies.length > 0 ? currencies : ['']).map((currency) => ({ name: t('assets.cost.days', { days: DAYS }), value: currency ? money(whole(currency), currency) : '–', more: undefined })),
                { name: t('assets.cost.uses', { days: DAYS }), value: numberText(used) },
                ...currencies.map((currency) => ({ name: t('assets.cost.each'), value: used > 0 ? money(whole(currency) / used, currency) : t('assets.cost.unused') })),
              ]}
            />
            <div className={css.grid}>
              {currencies.map((currency) => {
                const byDay = new Map(sums.filter((sum) => sum.currency === currency).map((sum) => [sum.since, sum]));
                return (
                  <Card key={currency} title={t('assets.cost.by', { currency })}>
                    <Bars
                      label={t('assets.cost.by', { currency })}
                      series={[
                        { name: t('assets.cost.billed'), colour: COLOURS[0]! },
                        { name: t('assets.cost.estimated'), colour: COLOURS[5]! },
                      ]}
                      bars={uses.map(({ day }) => ({ id: day, name: day.slice(5), values: [Number(byDay.get(day)?.billed ?? 0), Number(byDay.get(day)?.estimated ?? 0)] }))}
                      format={(value) => money(value, currency)}
                    />
                  </Card>
                );
              })}
              {currencies.length === 0 && (
                <Card title={t('assets.tab.cost')}>
                  <Empty tight icon="costs" title={t('assets.cost.none')}>{t('assets.cost.none.more')}</Empty>
                </Card>
              )}
              <Card title={t('assets.usage.days')}>
                <Bars label={t('assets.usage.days')} series={[{ name: t('assets.uses'), colour: COLOURS[2]! }]} bars={uses.map(({ day, uses: count }) => ({ id: day, name: day.slice(5), values: [count] }))} format={numberText} />
              </Card>
            </div>
          </>
        );
      }}
    </Answer>
  );
}
