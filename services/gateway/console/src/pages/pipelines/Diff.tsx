/** What differs between two texts, in one column or in two beside each other. */
import { t } from '../../i18n';
import { diffLines, hunks, sideBySide, type Line } from './diff';
import css from './Diff.module.css';

const SIGNS = { same: ' ', gone: '-', new: '+' } as const;

function Number_({ of }: { of: number | undefined }) {
  return (
    <span className={css.number} aria-hidden="true">
      {of ?? ''}
    </span>
  );
}

function One({ line }: { line: Line }) {
  return (
    <div className={`${css.line} ${css[line.kind]}`}>
      <Number_ of={line.before} />
      <Number_ of={line.after} />
      <code>
        {SIGNS[line.kind]} {line.text}
        {'\n'}
      </code>
    </div>
  );
}

function Side({ line, side }: { line: Line | undefined; side: 'before' | 'after' }) {
  return (
    <div className={`${css.half} ${line ? css[line.kind] : css.nothing}`}>
      <Number_ of={line?.[side]} />
      <code>
        {line ? `${SIGNS[line.kind]} ${line.text}` : ''}
        {'\n'}
      </code>
    </div>
  );
}

export function Diff({ before, after, beside, label }: { before: string; after: string; beside: boolean; label: string }) {
  const all = hunks(diffLines(before, after));
  return (
    <pre className={css.diff} tabIndex={0} aria-label={label}>
      {all.map((hunk, at) =>
        'skipped' in hunk ? (
          <div key={at} className={css.skipped}>
            {t('pipelines.diff.skipped', { count: hunk.skipped })}
          </div>
        ) : beside ? (
          sideBySide(hunk.lines).map((pair, line) => (
            <div key={`${at}.${line}`} className={css.pair}>
              <Side line={pair.left} side="before" />
              <Side line={pair.right} side="after" />
            </div>
          ))
        ) : (
          hunk.lines.map((line, place) => <One key={`${at}.${place}`} line={line} />)
        ),
      )}
    </pre>
  );
}
