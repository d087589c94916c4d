/** How far a backfill is, by what became of its instants. */
import type { Backfill } from '../../../api/backfills';
import { t } from '../../../i18n';
import { Progress } from '../../../parts/Page';
import css from '../operate.module.css';

export function Far({ of }: { of: Backfill }) {
  const words = [
    t('operate.backfills.good', { count: of.succeeded + of.skipped, total: of.total }),
    ...(of.failed + of.declined > 0 ? [t('operate.backfills.bad', { count: of.failed + of.declined })] : []),
    ...(of.live > 0 ? [t('operate.backfills.live', { count: of.live })] : []),
  ].join(' · ');
  return (
    <span className={css.two}>
      <Progress
        label={words}
        whole={of.total}
        parts={[
          { count: of.succeeded, colour: 'var(--good-fill)' },
          { count: of.skipped, colour: 'var(--idle-fill)' },
          { count: of.failed + of.declined, colour: 'var(--bad-fill)' },
          { count: of.cancelled + of.dropped, colour: 'var(--warn-fill)' },
          { count: of.live, colour: 'var(--live-fill)' },
        ]}
      />
      <small>{words}</small>
    </span>
  );
}
