/**
 * Somebody stored or pushed another text meanwhile: what changed there, and both texts brought together. What both changed at
 * the same place is decided here; the result goes back into the editor, and nothing is stored yet.
 */
import { useMemo, useState, type ReactNode } from 'react';
import { useQuery } from '@tanstack/react-query';
import { t } from '../../../i18n';
import { Button } from '../../../parts/Button';
import { Dialog } from '../../../parts/Dialog';
import { Diff } from '../../../parts/diff/Diff';
import { conflicts, joined, merge, type Conflict as Apart, type Side } from '../../../parts/diff/merge';
import { Answer } from '../../../parts/states';
import { Choices } from '../../../parts/Tabs';
import { Time } from '../../../parts/Time';
import { done } from '../../../parts/toasts';
import type { Draft } from '../state/useDraft';
import type { Theirs } from './theirs';
import css from './save.module.css';

interface ConflictProps {
  draft: Draft;
  /** What both began from. */
  before: string;
  /** What it is that changed, as a key. */
  of: readonly unknown[];
  load: (signal: AbortSignal) => Promise<Theirs>;
  says: ReactNode;
  /** The merged text is to be edited on. */
  take: (theirs: Theirs, merged: string) => void;
  close: () => void;
}

export function Conflict({ draft, before, of, load, says, take, close }: ConflictProps) {
  const theirs = useQuery({ queryKey: ['conflict', ...of], queryFn: ({ signal }) => load(signal), gcTime: 0, staleTime: 0 });
  const pieces = useMemo(() => (theirs.data ? merge(before, draft.text, theirs.data.text) : []), [theirs.data, before, draft.text]);
  const open = useMemo(() => conflicts(pieces), [pieces]);
  const [choices, setChoices] = useState<Record<number, Side>>({});
  const left = open.filter((_, at) => choices[at] === undefined).length;
  const goOn = () => {
    take(theirs.data!, joined(pieces, open.map((_, at) => choices[at] ?? 'mine')));
    done(t('builder.conflict.taken'));
    close();
  };
  return (
    <Dialog
      title={t('builder.conflict.title')}
      wide
      close={close}
      foot={
        <>
          <Button onClick={close}>{t('parts.cancel')}</Button>
          <Button kind="primary" denied={!theirs.data ? t('parts.loading') : left > 0 ? t('builder.conflict.left', { count: left }) : undefined} onClick={goOn}>
            {t('builder.conflict.act')}
          </Button>
        </>
      }
    >
      <Answer of={theirs}>
        {({ text, since }) => (
          <div className={css.stack}>
            <p className={css.says}>{says}</p>
            {since.length > 0 && (
              <ul className={css.since}>
                {since.map((one) => (
                  <li key={one.version}>
                    {t(one.draft ? 'builder.conflict.draft' : 'builder.conflict.version', { version: String(one.version), who: one.createdBy })} <Time at={one.createdAt} />
                  </li>
                ))}
              </ul>
            )}
            <h3>{t('builder.conflict.theirs')}</h3>
            <Diff before={before} after={text} label={t('builder.conflict.theirs')} />
            <h3>{open.length === 0 ? t('builder.conflict.none') : t('builder.conflict.decide', { count: open.length })}</h3>
            {open.map((one, at) => (
              <Decide key={at} of={one} at={at} value={choices[at]} choose={(side) => setChoices({ ...choices, [at]: side })} />
            ))}
          </div>
        )}
      </Answer>
    </Dialog>
  );
}

function Decide({ of, at, value, choose }: { of: Apart; at: number; value: Side | undefined; choose: (side: Side) => void }) {
  const label = t('builder.conflict.place', { number: String(at + 1) });
  return (
    <section className={css.conflict} aria-label={label}>
      <header>
        <b>{label}</b>
        <Choices<Side | 'none'>
          label={label}
          value={value ?? 'none'}
          choose={(side) => side !== 'none' && choose(side)}
          of={[
            { value: 'mine', name: t('builder.conflict.mine') },
            { value: 'theirs', name: t('builder.conflict.theirOnes') },
            { value: 'both', name: t('builder.conflict.both') },
          ]}
        />
      </header>
      <div className={css.three}>
        <Side3 name={t('builder.conflict.base')} lines={of.base} />
        <Side3 name={t('builder.conflict.mine')} lines={of.mine} on={value === 'mine' || value === 'both'} />
        <Side3 name={t('builder.conflict.theirOnes')} lines={of.theirs} on={value === 'theirs' || value === 'both'} />
      </div>
    </section>
  );
}

function Side3({ name, lines, on }: { name: string; lines: string[]; on?: boolean }) {
  return (
    <div className={on ? css.on : undefined}>
      <h4>{name}</h4>
      <pre tabIndex={0} aria-label={name}>
        {lines.length === 0 ? t('builder.conflict.nothing') : lines.join('\n')}
      </pre>
    </div>
  );
}
