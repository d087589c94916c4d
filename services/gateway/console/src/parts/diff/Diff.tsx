/** What became of a text, line by line: one below the other, or both beside each other. What stays the same is folded. */
import { useMemo, useState, type ReactNode } from 'react';
import { t } from '../../i18n';
import { Choices } from '../Tabs';
import { counts, diffLines, parts, rowsOf, type Line, type Part } from './lines';
import css from './Diff.module.css';

export type DiffView = 'unified' | 'split';

/** Pixels of a window that has no room for two texts beside each other. */
const NARROW = 720;

interface DiffProps {
  before: string;
  after: string;
  /** What both are, for those who hear it. */
  label: string;
  acts?: ReactNode;
  /** How it is laid out, where the page keeps that (in its URL); else it is kept here. */
  layout?: { view: DiffView; choose: (view: DiffView) => void };
}

export function Diff({ before, after, label, acts, layout }: DiffProps) {
  const [own, setOwn] = useState<DiffView>('unified');
  const { view: wanted, choose } = layout ?? { view: own, choose: setOwn };
  const view = innerWidth > NARROW ? wanted : 'unified';
  const lines = useMemo(() => diffLines(before, after), [before, after]);
  const shown = useMemo(() => parts(lines), [lines]);
  const { gone, added } = counts(lines);
  const [open, setOpen] = useState<ReadonlySet<number>>(new Set());
  if (gone === 0 && added === 0) return <p className={css.same}>{t('diff.same')}</p>;
  return (
    <div className={css.diff}>
      <div className={css.bar}>
        <span className={css.counts}>
          <span className={css.added}>{t('diff.added', { count: added })}</span> <span className={css.gone}>{t('diff.gone', { count: gone })}</span>
        </span>
        {acts}
        <span className={css.choices}>
          <Choices
            label={t('diff.view')}
            value={view}
            choose={choose}
            of={[
              { value: 'unified', name: t('diff.unified') },
              { value: 'split', name: t('diff.split') },
            ]}
          />
        </span>
      </div>
      <div className={css.frame} tabIndex={0} role="region" aria-label={label}>
        <table className={`${css.table} ${view === 'split' ? css.split : ''}`}>
          <caption className="only-spoken">{label}</caption>
          {view === 'split' && (
            <colgroup>
              <col className={css.narrow} />
              <col />
              <col className={css.narrow} />
              <col />
            </colgroup>
          )}
          <tbody>
            {shown.map((part, at) => (
              <Rows key={at} part={part} view={view} open={open.has(at)} show={() => setOpen(new Set([...open, at]))} />
            ))}
          </tbody>
        </table>
      </div>
    </div>
  );
}

function Rows({ part, view, open, show }: { part: Part; view: DiffView; open: boolean; show: () => void }) {
  if ('hidden' in part && !open) {
    return (
      <tr className={css.hidden}>
        <td colSpan={view === 'split' ? 4 : 3}>
          <button type="button" onClick={show}>
            {t('diff.hidden', { count: part.hidden.length })}
          </button>
        </td>
      </tr>
    );
  }
  const lines = 'hidden' in part ? part.hidden : part.lines;
  if (view === 'unified') return lines.map((line, at) => <One key={at} line={line} />);
  return rowsOf(lines).map(({ left, right }, at) => (
    <tr key={at}>
      <Half line={left} number={left?.before} />
      <Half line={right} number={right?.after} />
    </tr>
  ));
}

const SIGN = { same: ' ', gone: '−', new: '+' };

function One({ line }: { line: Line }) {
  return (
    <tr className={css[line.kind]}>
      <td className={css.number}>{line.before}</td>
      <td className={css.number}>{line.after}</td>
      <td className={css.text}>
        <Sign kind={line.kind} />
        {line.text}
      </td>
    </tr>
  );
}

function Half({ line, number }: { line: Line | undefined; number: number | undefined }) {
  const kind = line ? css[line.kind] : css.none;
  return (
    <>
      <td className={`${css.number} ${kind}`}>{number}</td>
      <td className={`${css.text} ${kind}`}>
        {line && <Sign kind={line.kind} />}
        {line?.text}
      </td>
    </>
  );
}

function Sign({ kind }: { kind: Line['kind'] }) {
  return (
    <>
      <span className={css.sign} aria-hidden="true">
        {SIGN[kind]}
      </span>
      {kind !== 'same' && <span className="only-spoken">{t(kind === 'new' ? 'diff.spoken.new' : 'diff.spoken.gone')} </span>}
    </>
  );
}
