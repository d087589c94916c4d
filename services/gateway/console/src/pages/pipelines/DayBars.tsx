/** Money day by day, as bars; each says its day and amount. */
import { money } from '../../api/costs';
import { t } from '../../i18n';
import { dayOf } from '../../parts/values';
import css from './DayBars.module.css';

export function DayBars({ values, first, currency }: { values: number[]; first: string; currency: string }) {
  const most = Math.max(...values, 1);
  const start = Date.parse(`${first.slice(0, 10)}T00:00:00Z`);
  const day = (at: number) => dayOf(start + at * 86_400_000, 'UTC');
  return (
    <div>
      <div className={css.bars} role="img" aria-label={t('pipelines.cost.chart', { currency, most: money(most, currency), days: values.length })}>
        {values.map((value, at) => (
          <span key={at} className={css.day} title={`${day(at)}: ${money(value, currency)}`}>
            <span style={{ height: `${(100 * value) / most}%` }} />
          </span>
        ))}
      </div>
      <div className={css.ends} aria-hidden="true">
        <span>{day(0)}</span>
        <span>{money(most, currency)}</span>
        <span>{day(values.length - 1)}</span>
      </div>
    </div>
  );
}
