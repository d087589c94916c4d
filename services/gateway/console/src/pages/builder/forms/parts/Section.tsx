/** Parts of several kinds that are about the same, with what adds one of each. */
import { t, type Key } from '../../../../i18n';
import type { Path } from '../../edit/tree';
import type { Bench } from './bench';
import { AddPart, PartRow, PartRows } from './PartRows';
import css from '../forms.module.css';

interface SectionProps {
  bench: Bench;
  title: Key;
  lists: string[];
  single?: string;
  /** Where the task is whose lists they are. */
  of?: Path;
}

export function Section({ bench, title, lists, single, of = [] }: SectionProps) {
  return (
    <div className={css.section} role="group" aria-label={t(title)}>
      <h3>{t(title)}</h3>
      <div className={css.rows}>
        {lists.map((list) => (
          <PartRows key={list} bench={bench} path={[...of, list]} />
        ))}
        {single && <PartRow bench={bench} path={[...of, single]} />}
      </div>
      {lists.length > 0 && (
        <div className={css.acts}>
          {lists.map((list) => (
            <AddPart key={list} bench={bench} path={[...of, list]} />
          ))}
        </div>
      )}
    </div>
  );
}
