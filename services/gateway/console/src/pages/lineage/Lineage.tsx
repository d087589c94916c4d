/** Lineage: around an asset, what breaks with it, a path between two, and what two runs did differently. */
import { useSearchParams } from 'react-router';
import { t } from '../../i18n';
import { Needs } from '../../parts/Needs';
import { Page } from '../../parts/Page';
import { Choices } from '../../parts/Tabs';
import { Around } from './Around';
import { Choose } from './Choose';
import { ImpactView } from './ImpactView';
import css from './Lineage.module.css';
import { PathView } from './PathView';
import { MODES, readQuestion, type Mode } from './question';
import { RunsView } from './RunsView';

/** Changes some parameters of the URL; what is empty goes. */
export type Put = (some: Record<string, string | string[]>, keep?: boolean) => void;

export function Lineage() {
  const [query, setQuery] = useSearchParams();
  const question = readQuestion(query);
  const set: Put = (some, keep = false) =>
    setQuery((old) => {
      const next = new URLSearchParams(old);
      for (const [name, value] of Object.entries(some)) {
        next.delete(name);
        for (const one of Array.isArray(value) ? value : [value]) if (one) next.append(name, one);
      }
      return next;
    }, { replace: !keep });
  const short = question.asset.split('/').at(-1);
  return (
    <Page
      full
      title={question.asset && question.mode !== 'runs' ? t('lineage.of', { asset: short || question.asset }) : t('lineage.title')}
      acts={
        <Choices<Mode>
          label={t('lineage.mode')}
          value={question.mode}
          choose={(mode) => set({ mode: mode === 'lineage' ? '' : mode, node: '', open: [] })}
          of={MODES.map((value) => ({ value, name: t(`lineage.mode.${value}`) }))}
        />
      }
    >
      <Needs role="VIEWER">
        {() => (
          <div className={css.page}>
            {question.mode === 'runs' ? (
              <RunsView of={question} set={set} />
            ) : question.asset === '' ? (
              <Choose set={set} />
            ) : question.mode === 'impact' ? (
              <ImpactView of={question} set={set} />
            ) : question.mode === 'path' ? (
              <PathView of={question} set={set} />
            ) : (
              <Around of={question} set={set} />
            )}
          </div>
        )}
      </Needs>
    </Page>
  );
}
