/** Starts a run: a form made of the inputs of the pipeline, the environment, and the version where there is a draft. */
import { useState } from 'react';
import { useNavigate } from 'react-router';
import { useEnvironments } from '../../api/environments';
import { startRun, usePipeline, type InputSpec, type Pipeline, type PipelineMore } from '../../api/pipelines';
import { t } from '../../i18n';
import { Button } from '../../parts/Button';
import { Dialog } from '../../parts/Dialog';
import { Check, Field, Input, Select, TextArea } from '../../parts/Field';
import { Reason } from '../../parts/Reason';
import { Answer, Refused } from '../../parts/states';
import { act } from '../../parts/toasts';
import { useDoing } from '../../parts/useDoing';
import { initial, readInputs, type Typed } from './inputs';
import css from './Start.module.css';

interface InputFieldProps {
  name: string;
  spec: InputSpec;
  typed: Typed;
  error?: string;
  type: (typed: Typed) => void;
}

function InputField({ name, spec, typed, error, type }: InputFieldProps) {
  if (spec.type === 'boolean') return <Check label={name} checked={typed === true} onChange={(event) => type(event.target.checked)} />;
  const text = typeof typed === 'string' ? typed : '';
  const hints = { number: undefined, string: undefined, list: t('pipelines.input.list'), dict: t('pipelines.input.dict') };
  return (
    <Field label={name} hint={hints[spec.type]} error={error} optional={spec.optional || spec.default !== undefined}>
      {(id, described) => {
        const common = { id, 'aria-describedby': described, 'aria-invalid': error !== undefined, value: text };
        if (spec.options) {
          const choices = spec.options.map((option) => ({ value: String(option), name: String(option) }));
          return <Select {...common} choices={text === '' ? [{ value: '', name: '–' }, ...choices] : choices} choose={type} />;
        }
        if (spec.type === 'dict') return <TextArea {...common} rows={4} onChange={(event) => type(event.target.value)} />;
        return <Input {...common} inputMode={spec.type === 'number' ? 'decimal' : undefined} onChange={(event) => type(event.target.value)} />;
      }}
    </Field>
  );
}

function StartForm({ of, close }: { of: PipelineMore; close: () => void }) {
  const specs = of.inputs ?? {};
  const navigate = useNavigate();
  const environments = useEnvironments();
  const [typed, setTyped] = useState<Record<string, Typed>>(() => Object.fromEntries(Object.entries(specs).map(([name, spec]) => [name, initial(spec)])));
  const [environment, setEnvironment] = useState('');
  const draft = of.publishedVersionNumber != null && of.latestVersionNumber > of.publishedVersionNumber ? of.latestVersionNumber : undefined;
  const [version, setVersion] = useState(of.publishedVersionNumber == null ? String(of.latestVersionNumber) : '');
  const [reason, setReason] = useState('');
  const [pressed, setPressed] = useState(false);
  const { pending, error, run: doing } = useDoing();
  const { inputs, wrong } = readInputs(specs, typed);

  const start = async () => {
    setPressed(true);
    if (Object.keys(wrong).length > 0) return;
    const begin = () =>
      act(
        t('pipelines.start.pending', { pipeline: of.name }),
        () => startRun(of.id, { runInputs: inputs, environment: environment || undefined, versionNumber: version ? Number(version) : undefined }, reason),
        () => ({ words: t('pipelines.start.done', { pipeline: of.name }) }),
      );
    await doing(begin, (run) => {
      close();
      void navigate(`/runs/${run}`);
    });
  };
  return (
    <form
      className={css.form}
      onSubmit={(event) => {
        event.preventDefault();
        void start();
      }}
    >
      {Object.entries(specs).map(([name, spec]) => (
        <InputField
          key={name}
          name={name}
          spec={spec}
          typed={typed[name] ?? initial(spec)}
          error={pressed && wrong[name] ? t(wrong[name]) : undefined}
          type={(value) => setTyped((old) => ({ ...old, [name]: value }))}
        />
      ))}
      {Object.keys(specs).length === 0 && <p className={css.none}>{t('pipelines.start.noInputs')}</p>}
      {(environments.data?.length ?? 0) > 0 && (
        <Field label={t('pipelines.environment')}>
          {(id) => (
            <Select
              id={id}
              value={environment}
              choices={[{ value: '', name: t('pipelines.environment.default') }, ...environments.data!.map((one) => ({ value: one.environmentId, name: one.name }))]}
              choose={setEnvironment}
            />
          )}
        </Field>
      )}
      {draft !== undefined && (
        <Field label={t('pipelines.version')}>
          {(id) => (
            <Select
              id={id}
              value={version}
              choices={[
                { value: '', name: t('pipelines.version.current', { version: String(of.publishedVersionNumber) }) },
                { value: String(draft), name: t('pipelines.version.draft', { version: String(draft) }) },
              ]}
              choose={setVersion}
            />
          )}
        </Field>
      )}
      <Reason kept="audit" value={reason} change={setReason} />
      {error && <Refused error={error} />}
      <div className={css.foot}>
        <Button onClick={close}>{t('parts.cancel')}</Button>
        <Button type="submit" kind="primary" icon="play" pending={pending}>
          {t('pipelines.start')}
        </Button>
      </div>
    </form>
  );
}

export function StartDialog({ of, close }: { of: Pipeline; close: () => void }) {
  return (
    <Dialog title={t('pipelines.start.of', { pipeline: of.name })} close={close}>
      <Answer of={usePipeline(of.id)}>{(pipeline) => <StartForm of={pipeline} close={close} />}</Answer>
    </Dialog>
  );
}
