/** Runs the text as it stands: it is stored as a draft, or is a version already, and that version is started. The current version stays. */
import { useState } from 'react';
import { useNavigate } from 'react-router';
import { useEnvironmentNames } from '../../../api/catalogue';
import { keep, startVersion } from '../../../api/source';
import { t } from '../../../i18n';
import { Button } from '../../../parts/Button';
import { Dialog } from '../../../parts/Dialog';
import { Check, Field, Input, Select } from '../../../parts/Field';
import { Refused } from '../../../parts/states';
import { act } from '../../../parts/toasts';
import { useDoing } from '../../../parts/useDoing';
import { keepUnsaved } from '../state/kept';
import type { DialogsProps } from './Dialogs';
import { aliasOf, isAlias } from './file';
import { inputsOf, readInput, runInputs, type InputOf } from '../schema/inputs';
import { AliasField } from './Save';
import css from './save.module.css';

interface RunDraftProps extends DialogsProps {
  /** It was committed, and that made this version of it. */
  committed?: { pipelineId: string; version: number; branch: string };
  close: () => void;
}

export function RunDraft({ draft, where, alias: known, chosen, ran, committed, close }: RunDraftProps) {
  const environments = useEnvironmentNames();
  const inputs = inputsOf(draft.pipeline.fields);
  const [alias, setAlias] = useState(known ?? aliasOf(draft.pipeline.name));
  const [environment, setEnvironment] = useState('');
  const [typed, setTyped] = useState<Record<string, string>>({});
  const [only, setOnly] = useState(false);
  const { pending, error, run: start } = useDoing();
  const navigate = useNavigate();
  const values = runInputs(inputs, typed);

  const run = async () => {
    const { text, base, baseText } = draft;
    const { id, stored } = await act(
      t('builder.run.pending'),
      async () => {
        const stored = committed ? { alias, ...committed } : await keep({ yaml: text, alias, published: false, baseVersion: base === 0 ? 0 : undefined });
        const { pipelineRunId } = await startVersion(stored.pipelineId, {
          versionNumber: stored.version,
          environment: environment || undefined,
          runInputs: values && Object.keys(values).length > 0 ? values : undefined,
          taskIds: only && chosen ? [chosen.id] : undefined,
        });
        return { id: pipelineRunId, stored };
      },
      ({ id, stored }) => ({ words: t('builder.run.started', { version: String(stored.version) }), link: { to: `/runs/${encodeURIComponent(id)}`, name: t('builder.run.open') } }),
    );
    if (known) {
      draft.based(stored.version);
      ran(id);
      return;
    }
    // From now on it has an alias; what is edited goes on there.
    keepUnsaved(where, undefined);
    keepUnsaved(stored.alias, { text, base: stored.version, baseText });
    draft.stored(stored.version, text);
    void navigate(`/builder/${encodeURIComponent(stored.alias)}?run=${encodeURIComponent(id)}`, { replace: true });
  };
  const missing = !isAlias(alias) ? t('builder.save.alias.bad') : values === undefined ? t('builder.run.inputsMissing') : undefined;
  return (
    <Dialog
      title={t('builder.run')}
      close={close}
      foot={
        <>
          <Button onClick={close}>{t('parts.cancel')}</Button>
          <Button kind="primary" icon="play" pending={pending} denied={missing} onClick={() => void start(run, close)}>
            {t('builder.run')}
          </Button>
        </>
      }
    >
      <div className={css.stack}>
        <p>{committed ? t('builder.run.committed', { version: String(committed.version), branch: committed.branch }) : t('builder.run.more')}</p>
        {error && <Refused error={error} />}
        {!known && <AliasField alias={alias} change={setAlias} />}
        {(environments.data ?? []).length > 0 && (
          <Field label={t('builder.run.environment')}>
            {(id) => (
              <Select
                id={id}
                value={environment}
                choices={[{ value: '', name: t('builder.run.default') }, ...(environments.data ?? []).map((one) => ({ value: one.name, name: one.name }))]}
                choose={setEnvironment}
              />
            )}
          </Field>
        )}
        {inputs.map((one) => (
          <InputField key={one.name} of={one} value={typed[one.name] ?? ''} change={(value) => setTyped({ ...typed, [one.name]: value })} />
        ))}
        {chosen && <Check label={t('builder.run.only', { name: chosen.name || chosen.id })} checked={only} onChange={(event) => setOnly(event.target.checked)} />}
      </div>
    </Dialog>
  );
}

function InputField({ of, value, change }: { of: InputOf; value: string; change: (value: string) => void }) {
  const listed = of.type === 'boolean' ? ['true', 'false'] : of.options;
  const wrong = value !== '' && 'wrong' in readInput(of, value) ? t('builder.run.wrong', { type: of.type }) : undefined;
  return (
    <Field label={of.name} optional={!of.needed} hint={of.fallback === undefined ? undefined : t('builder.form.default', { value: of.fallback })} error={wrong}>
      {(id, described) =>
        listed.length > 0 ? (
          <Select id={id} aria-describedby={described} value={value} choices={[{ value: '', name: '–' }, ...listed.map((word) => ({ value: word, name: word }))]} choose={change} />
        ) : (
          <Input id={id} aria-describedby={described} value={value} spellCheck={false} onChange={(event) => change(event.target.value)} />
        )
      }
    </Field>
  );
}
