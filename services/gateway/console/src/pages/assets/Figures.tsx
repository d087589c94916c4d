/** A few numbers that matter most, each with its name and what stands behind it. */
import type { ReactNode } from 'react';
import css from './assets.module.css';

export function Figures({ of }: { of: { name: string; value: ReactNode; more?: ReactNode }[] }) {
  return (
    <dl className={css.figures}>
      {of.map((one) => (
        <div key={one.name} className={css.figure}>
          <dt>{one.name}</dt>
          <dd>
            {one.value}
            {one.more && <small>{one.more}</small>}
          </dd>
        </div>
      ))}
    </dl>
  );
}
