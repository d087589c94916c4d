/** Small pictures in a line: the last runs as bars (height: how long, hue: how it ended), and a line of numbers. */
import { Link } from 'react-router';
import { named, t } from '../i18n';
import { toneOf } from './status';
import { durationText, shortTime } from './values';
import css from './Sparkline.module.css';

export interface RunBar {
  id: string;
  status: string;
  /** Milliseconds; absent = it has not begun. */
  ms?: number;
  at: string;
}

/** Heights of bars, 3 to 24 px: the root of how long each took, beside the longest, so that short ones are seen. */
export function barHeights(durations: (number | undefined)[]): number[] {
  const longest = Math.max(1, ...durations.map((ms) => ms ?? 0));
  return durations.map((ms) => 3 + Math.round(21 * Math.sqrt((ms ?? 0) / longest)));
}

/** The oldest first. */
export function RunBars({ runs, to }: { runs: RunBar[]; to: (id: string) => string }) {
  if (runs.length === 0) return <span aria-hidden="true">–</span>;
  const heights = barHeights(runs.map((run) => run.ms));
  const bad = runs.filter((run) => run.status === 'FAILED').length;
  return (
    <span className={css.bars} role="group" aria-label={t('parts.bars', { count: runs.length, bad })}>
      {runs.map((run, at) => {
        const words = `${named('parts.status', run.status)}, ${shortTime(run.at)}${run.ms === undefined ? '' : `, ${durationText(run.ms)}`}`;
        return (
          <Link
            key={run.id}
            to={to(run.id)}
            // One stop for the keyboard: the newest. The others are in the list of runs.
            tabIndex={at === runs.length - 1 ? 0 : -1}
            title={words}
            aria-label={words}
            style={{ height: heights[at], background: `var(--${toneOf(run.status)}-fill)` }}
          />
        );
      })}
    </span>
  );
}

/** Points of a line within a box, as `points` of SVG takes them. */
export function linePoints(values: number[], width: number, height: number): string {
  const top = Math.max(...values);
  const low = Math.min(...values, 0);
  const span = top - low || 1;
  return values
    .map((value, at) => {
      const x = values.length > 1 ? (at * (width - 2)) / (values.length - 1) + 1 : width / 2;
      return `${x.toFixed(1)},${(height - 1 - ((value - low) / span) * (height - 2)).toFixed(1)}`;
    })
    .join(' ');
}

export function Line({ values, label, width = 96, height = 24 }: { values: number[]; label: string; width?: number; height?: number }) {
  if (values.length === 0) return null;
  return (
    <svg className={css.line} width={width} height={height} viewBox={`0 0 ${width} ${height}`} role="img" aria-label={label}>
      <polyline points={linePoints(values, width, height)} fill="none" stroke="currentColor" strokeWidth={1.5} strokeLinejoin="round" />
    </svg>
  );
}
