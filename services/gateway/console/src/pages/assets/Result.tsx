/** The result of a test, and its results over time as small boxes: the oldest left. */
import type { AssetTest } from '../../api/assets';
import { named } from '../../i18n';
import { Mark } from '../../parts/Status';
import { iconOf, toneOf } from '../../parts/status';
import { exactTime } from '../../parts/values';
import css from './assets.module.css';

export function Result({ of, words }: { of: AssetTest; words?: string }) {
  return (
    <Mark tone={toneOf(of.status)} icon={iconOf(of.status)}>
      {words ?? of.name}
    </Mark>
  );
}

/** `results` are newest first; so many are drawn. */
export function Results({ of, label, most = 40 }: { of: AssetTest[]; label: string; most?: number }) {
  return (
    <span className={css.results} role="img" aria-label={label}>
      {of
        .slice(0, most)
        .reverse()
        .map((result, at) => (
          <span key={at} style={{ background: `var(--${toneOf(result.status)}-fill)` }} title={`${named('parts.status', result.status)}, ${exactTime(result.at)}${result.message ? `\n${result.message}` : ''}`} />
        ))}
    </span>
  );
}
