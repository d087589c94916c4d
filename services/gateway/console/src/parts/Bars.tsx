/**
 * Stacked bars over time or over names, drawn with boxes. What a bar stands for is read on hovering; a table beside the
 * chart says the same to who cannot see it, which the caller draws. Knows nothing about what is counted.
 */
import css from './Bars.module.css';

export interface Series {
  name: string;
  colour: string;
}
export interface Bar {
  id: string;
  /** What stands below the first and the last bar, and in front of what hovering says. */
  name: string;
  /** One for each series, in its order. */
  values: number[];
}

/** Colours of series, by their place. */
export const COLOURS = ['var(--accent)', 'var(--live-fill)', 'var(--good-fill)', 'var(--warn-fill)', 'var(--bad-fill)', 'var(--idle-fill)'];

/** The next round number: 1, 2, 2.5 or 5 times a power of ten. */
export function roundUp(value: number): number {
  if (value <= 0) return 1;
  const power = 10 ** Math.floor(Math.log10(value));
  return ([1, 2, 2.5, 5, 10].find((step) => step * power >= value * 0.999999) ?? 10) * power;
}

const sum = (values: number[]) => values.reduce((all, one) => all + Math.max(0, one), 0);

export function Bars({ label, series, bars, format, height = 140 }: { label: string; series: Series[]; bars: Bar[]; format: (value: number) => string; height?: number }) {
  const top = roundUp(Math.max(0, ...bars.map((bar) => sum(bar.values))));
  const said = (bar: Bar) =>
    series.length === 1 ? `${bar.name}: ${format(bar.values[0] ?? 0)}` : [`${bar.name}: ${format(sum(bar.values))}`, ...series.flatMap((one, at) => (bar.values[at] ? [`${one.name}: ${format(bar.values[at]!)}`] : []))].join('\n');
  return (
    <figure className={css.chart}>
      <div className={css.plot} style={{ height }} role="img" aria-label={label}>
        <span className={css.top}>{format(top)}</span>
        {bars.map((bar) => (
          <div key={bar.id} className={css.bar} title={said(bar)}>
            {bar.values.map((value, at) => (
              <span key={at} style={{ height: `${(100 * Math.max(0, value)) / top}%`, background: series[at]?.colour }} />
            ))}
          </div>
        ))}
      </div>
      <figcaption className={css.foot}>
        <span>{bars[0]?.name}</span>
        {series.length > 1 && (
          <span className={css.legend}>
            {series.map((one) => (
              <span key={one.name}>
                <i style={{ background: one.colour }} />
                {one.name}
              </span>
            ))}
          </span>
        )}
        <span>{bars.length > 1 ? bars.at(-1)?.name : ''}</span>
      </figcaption>
    </figure>
  );
}
