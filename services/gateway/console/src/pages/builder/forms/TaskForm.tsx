/** A task as a form: its job's parameters by the catalogue, whom it waits for, and what happens when it fails. */
import { useState } from 'react';
import { useConnectionNames, type Integration, type Parameter } from '../../../api/catalogue';
import { t } from '../../../i18n';
import { Button } from '../../../parts/Button';
import { Field, Select } from '../../../parts/Field';
import { moveToGroup } from '../edit/groups';
import type { TaskOf } from '../edit/pipeline';
import { setConfiguration, setField, setParameter } from '../edit/tasks';
import { resolved, type Tree } from '../edit/tree';
import type { Problems } from '../graph/scene';
import { jobOf } from '../schema/suggest';
import { Condition, DependsOn, EntryHead, fieldEdit, Flag, IdField, NameField, ProblemLine, type EntryProps } from './common';
import { NumberField, TextField } from './fields';
import { ParameterField } from './Parameter';
import css from './forms.module.css';

interface TaskProps extends EntryProps {
  entry: TaskOf;
  catalogue: Integration[];
  problems?: Problems;
  showInText: () => void;
}

export function TaskForm({ catalogue, problems, showInText, ...props }: TaskProps) {
  const { draft, entry, choose, denied } = props;
  const integration = catalogue.find((one) => one.integration === entry.integration);
  const job = jobOf({ catalogue }, entry.integration, entry.job);
  const groups = draft.pipeline.entries.filter((one) => one.kind === 'group');
  const group = groups.find((one) => one.id === entry.group);
  return (
    <section aria-label={t('builder.form.task', { name: entry.name || entry.id })}>
      <EntryHead {...props} about={integration?.displayName ?? entry.integration} acts={<Button small kind="quiet" icon="code" label={t('builder.showInText')} onClick={showInText} />} />
      <div className={css.form}>
        <ProblemLine problems={problems} />
        <div className={css.pair}>
          <NameField {...props} />
          <IdField {...props} />
        </div>
        <div className={css.pair}>
          <Field label={t('builder.form.job')}>
            {(id) => (
              <Select
                id={id}
                disabled={denied !== undefined}
                value={entry.job}
                choices={[
                  ...(job ? [] : [{ value: entry.job, name: entry.job || '–' }]),
                  ...(integration?.jobs ?? []).map((one) => ({ value: one.integrationJob, name: one.displayName })),
                ]}
                choose={(next) => draft.edit(t('builder.undo.field', { field: 'integration_job', id: entry.id }), (text) => setField(text, entry.id, 'integration_job', next))}
              />
            )}
          </Field>
          <Field label={t('builder.form.group')}>
            {(id) => (
              <Select
                id={id}
                disabled={denied !== undefined}
                value={entry.group ?? ''}
                choices={[{ value: '', name: t('builder.form.noGroup') }, ...groups.map((one) => ({ value: one.id, name: one.name || one.id }))]}
                choose={(next) => draft.edit(t('builder.undo.move', { id: entry.id }), (text) => moveToGroup(text, entry.id, next || undefined))}
              />
            )}
          </Field>
        </div>
        {group && (
          <div>
            <Button small icon="right" onClick={() => choose(group.id)}>
              {t('builder.form.openGroup', { name: group.name || group.id })}
            </Button>
          </div>
        )}
        <Connection {...props} />
        <Parameters {...props} parameters={job?.parameters} />
        <div className={css.section}>
          <h3>{t('builder.form.flow')}</h3>
          <DependsOn {...props} />
          <Condition {...props} />
        </div>
        <Failure {...props} />
      </div>
    </section>
  );
}

function Connection({ draft, entry, denied }: EntryProps) {
  const connections = useConnectionNames();
  const integration = entry.kind === 'task' ? entry.integration : '';
  const fitting = (connections.data ?? []).filter((one) => one.integration === integration).map((one) => one.connectionName);
  const value = typeof entry.fields.connection === 'string' ? entry.fields.connection : '';
  return (
    <TextField
      label={t('builder.form.connection')}
      optional
      value={value}
      options={fitting}
      readOnly={denied !== undefined}
      hint={fitting.length === 0 ? t('builder.form.noConnections') : t('builder.form.connection.more')}
      change={(next) => fieldEdit(draft, entry.id, 'connection', (text) => setField(text, entry.id, 'connection', next))}
    />
  );
}

/** Needed and used ones are shown; the rest is added when it is wanted. */
function Parameters({ draft, entry, denied, parameters }: EntryProps & { parameters: Parameter[] | undefined }) {
  const [added, setAdded] = useState<string[]>([]);
  const values = resolved(entry.fields.parameters);
  const known = parameters ?? [];
  const foreign: Parameter[] = Object.keys(values)
    .filter((name) => !known.some((one) => one.name === name))
    .map((name) => ({ name, type: 'any', required: false, templated: true, default: null, note: parameters ? t('builder.form.notOfJob') : null }));
  const shown = [...known.filter((one) => one.required || Object.hasOwn(values, one.name) || added.includes(one.name)), ...foreign].sort((a, b) => Number(b.required) - Number(a.required));
  const rest = known.filter((one) => !shown.includes(one));
  const change = (name: string, value: Tree | undefined) => fieldEdit(draft, entry.id, name, (text) => setParameter(text, entry.id, name, value));
  return (
    <div className={css.section}>
      <h3>{t('builder.form.parameters')}</h3>
      {shown.map((one) => (
        <ParameterField key={one.name} of={one} value={values[one.name]} change={(value) => change(one.name, value)} readOnly={denied !== undefined} />
      ))}
      {shown.length === 0 && rest.length === 0 && <p style={{ color: 'var(--muted)' }}>{t('builder.form.noParameters')}</p>}
      {rest.length > 0 && denied === undefined && (
        <Select
          aria-label={t('builder.form.addParameter')}
          value=""
          choices={[{ value: '', name: t('builder.form.addParameter') }, ...rest.map((one) => ({ value: one.name, name: one.name }))]}
          choose={(name) => name !== '' && setAdded([...added, name])}
        />
      )}
    </div>
  );
}

const DAY = 86_400;

function Failure(props: EntryProps) {
  const { draft, entry, denied } = props;
  const configuration = resolved(entry.fields.configuration);
  const number = (name: string) => (typeof configuration[name] === 'number' ? configuration[name] : undefined);
  const change = (name: string) => (value: number | undefined) => fieldEdit(draft, entry.id, name, (text) => setConfiguration(text, entry.id, name, value));
  const common = { optional: true, readOnly: denied !== undefined };
  return (
    <div className={css.section}>
      <h3>{t('builder.form.failure')}</h3>
      <div className={css.pair}>
        <NumberField {...common} label={t('builder.form.retries')} value={number('retries')} change={change('retries')} />
        <NumberField {...common} label={t('builder.form.retryDelay')} most={120} value={number('retry_delay')} change={change('retry_delay')} />
        <NumberField {...common} label={t('builder.form.timeout')} most={3 * DAY} value={number('timeout')} change={change('timeout')} />
      </div>
      <Flag {...props} field="treat_failure_as_warning" label={t('builder.form.asWarning')} />
      <Flag {...props} field="paused" label={t('builder.form.paused')} />
    </div>
  );
}
