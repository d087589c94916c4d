/** A task as a form: its job's parameters by the catalogue, whom it waits for, and what happens when it fails. */
import type { Integration } from '../../../api/catalogue';
import { t } from '../../../i18n';
import { Button } from '../../../parts/Button';
import { Field, Select } from '../../../parts/Field';
import { moveToGroup } from '../edit/groups';
import type { TaskOf } from '../edit/pipeline';
import { setField } from '../edit/tasks';
import type { Problems } from '../graph/scene';
import { jobOf } from '../schema/known';
import { Condition, DependsOn, EntryHead, Flag, IdField, NameField, ProblemLine, type EntryProps } from './common';
import type { Bench } from './parts/bench';
import { Section } from './parts/Section';
import { ShapeField } from './parts/ShapeField';
import css from './forms.module.css';

interface TaskProps extends EntryProps {
  entry: TaskOf;
  bench: Bench;
  catalogue: Integration[];
  problems?: Problems;
  showInText: () => void;
}

export function TaskForm({ bench, catalogue, problems, showInText, ...props }: TaskProps) {
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
        <ShapeField bench={bench} path={[...entry.path, 'connection']} />
        <ShapeField bench={bench} path={[...entry.path, 'parameters']} />
        <div className={css.section}>
          <h3>{t('builder.form.flow')}</h3>
          <DependsOn {...props} />
          <Condition {...props} />
          <Flag {...props} field="paused" label={t('builder.form.paused')} />
        </div>
        <div className={css.section}>
          <h3>{t('builder.form.failure')}</h3>
          <div className={css.pair}>
            {['retries', 'retry_delay', 'timeout'].map((field) => (
              <ShapeField key={field} bench={bench} path={[...entry.path, 'configuration', field]} />
            ))}
          </div>
          <Flag {...props} field="treat_failure_as_warning" label={t('builder.form.asWarning')} />
        </div>
        <Section bench={bench} title="builder.form.told" lists={['alerts', 'anomalies']} of={entry.path} />
        <div className={css.section}>
          <h3>{t('builder.form.found')}</h3>
          <ShapeField bench={bench} path={[...entry.path, 'tags']} />
          <ShapeField bench={bench} path={[...entry.path, 'operation_metadata']} />
        </div>
        {entry.fields.meta !== undefined && entry.fields.meta !== null && <p className={css.about}>{t('builder.form.elsewhere', { names: 'meta' })}</p>}
      </div>
    </section>
  );
}
