/** Stores the text as a version: what changes is shown first. Who stored something else meanwhile is not overwritten. */
import { useState } from 'react';
import { useNavigate } from 'react-router';
import { keep } from '../../../api/source';
import { t } from '../../../i18n';
import { Button } from '../../../parts/Button';
import { Dialog } from '../../../parts/Dialog';
import { Diff } from '../../../parts/diff/Diff';
import { Field, Input } from '../../../parts/Field';
import { Reason } from '../../../parts/Reason';
import { Refused } from '../../../parts/states';
import { act } from '../../../parts/toasts';
import { useDoing } from '../../../parts/useDoing';
import { keepUnsaved } from '../state/kept';
import { Conflict } from './Conflict';
import type { DialogsProps } from './Dialogs';
import { aliasOf, isAlias } from './file';
import css from './save.module.css';
import { newest } from './theirs';

export function AliasField({ alias, change }: { alias: string; change: (alias: string) => void }) {
  return (
    <Field label={t('builder.save.alias')} hint={t('builder.save.alias.more')} error={alias !== '' && !isAlias(alias) ? t('builder.save.alias.bad') : undefined}>
      {(id, described) => <Input id={id} aria-describedby={described} value={alias} spellCheck={false} onChange={(event) => change(event.target.value)} />}
    </Field>
  );
}

export function Save({ draft, where, alias: known, close }: DialogsProps & { close: () => void }) {
  const [alias, setAlias] = useState(known ?? aliasOf(draft.pipeline.name));
  const [published, setPublished] = useState(true);
  const [reason, setReason] = useState('');
  const { pending, error, run } = useDoing();
  const navigate = useNavigate();
  if (error?.status === 409 && known) {
    return (
      <Conflict
        draft={draft}
        before={draft.baseText}
        of={[known, draft.base]}
        load={(signal) => newest(known, draft.base, signal)}
        says={t('builder.conflict.more')}
        take={({ version, text }, merged) => draft.rebase(version ?? draft.base, text, merged)}
        close={close}
      />
    );
  }

  const save = async () => {
    const { text } = draft;
    const stored = await act(
      t('builder.save.pending'),
      () => keep({ yaml: text, alias, published, baseVersion: draft.base, reason }),
      ({ version, draft: isDraft, changed }) => ({ words: t(!changed ? 'builder.save.same' : isDraft ? 'builder.save.draftDone' : 'builder.save.done', { version: String(version) }) }),
    );
    if (published) draft.stored(Math.max(draft.base, stored.version), text);
    else draft.based(stored.version);
    if (!known) {
      keepUnsaved(where, undefined);
      void navigate(`/builder/${encodeURIComponent(stored.alias)}${published ? '' : `?version=${stored.version}`}`, { replace: true });
    }
  };
  const missing = isAlias(alias) ? undefined : t('builder.save.alias.bad');
  return (
    <Dialog
      title={known ? t('builder.save.title', { name: known }) : t('builder.save.new')}
      wide
      close={close}
      foot={
        <>
          <Button onClick={close}>{t('parts.cancel')}</Button>
          <Button kind="primary" pending={pending} denied={missing} onClick={() => void run(save, close)}>
            {t(published ? 'builder.save.act' : 'builder.save.actDraft')}
          </Button>
        </>
      }
    >
      <div className={css.stack}>
        {error && <Refused error={error} />}
        {!known && <AliasField alias={alias} change={setAlias} />}
        <Diff before={draft.baseText} after={draft.text} label={t('builder.showDiff')} />
        <fieldset className={css.choices}>
          <legend>{t('builder.save.as')}</legend>
          {[true, false].map((one) => (
            <label key={String(one)}>
              <input type="radio" name="published" checked={published === one} onChange={() => setPublished(one)} />
              <span>
                <b>{t(one ? 'builder.save.version' : 'builder.save.draft')}</b>
                {t(one ? 'builder.save.version.more' : 'builder.save.draft.more')}
              </span>
            </label>
          ))}
        </fieldset>
        <Reason kept="audit" value={reason} change={setReason} />
      </div>
    </Dialog>
  );
}
