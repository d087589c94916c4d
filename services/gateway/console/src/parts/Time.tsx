/** An instant, how long something took, an amount: as the chosen language and zone write it, and exactly on hovering. */
import { useNow } from './clock';
import { Tip } from './Tip';
import { durationText, exactTime, moneyText, relativeTime, shortTime, type Instant } from './values';

interface TimeProps {
  at: Instant | null | undefined;
  /** `relative` (3 minutes ago) or `short` (Mar 1, 12:00). */
  as?: 'relative' | 'short';
}

export function Time({ at, as = 'relative' }: TimeProps) {
  const now = useNow();
  if (!at) return <span aria-hidden="true">–</span>;
  const iso = new Date(at).toISOString();
  return (
    <Tip text={`${exactTime(at)}\n${iso}`}>
      <time dateTime={iso}>{as === 'relative' ? relativeTime(at, now) : shortTime(at, now)}</time>
    </Tip>
  );
}

/** How long from `from` to `to`; without `to` it goes on counting. */
export function Duration({ from, to, ms }: { from?: Instant | null; to?: Instant | null; ms?: number }) {
  const now = useNow(1_000);
  if (ms !== undefined) return <span>{durationText(ms)}</span>;
  if (!from) return <span aria-hidden="true">–</span>;
  return <span>{durationText(new Date(to ?? now).getTime() - new Date(from).getTime())}</span>;
}

export function Money({ amount, currency }: { amount: string | number | undefined; currency: string | undefined }) {
  if (amount === undefined || amount === '') return <span aria-hidden="true">–</span>;
  return <span>{moneyText(amount, currency ?? '')}</span>;
}
