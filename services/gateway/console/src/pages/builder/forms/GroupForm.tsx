/** A group as a form: its tasks, whom it waits for, and what it is repeated for. */
import { t } from '../../../i18n';
import { Button } from '../../../parts/Button';
import { Check } from '../../../parts/Field';
import type { GroupOf } from '../edit/pipeline';
import { setMatrix, type Matrix } from '../edit/tasks';
import { isObject, resolved, type Tree } from '../edit/tree';
import type { Problems } from '../graph/scene';
import { Condition, DependsOn, EntryHead, Flag, IdField, NameField, ProblemLine, type EntryProps } from './common';
import { NumberField, TextField } from './fields';
import { isExpression, readValue, writtenValue } from '../schema/values';
import { EntryRow } from './EntryRow';
import css from './forms.module.css';

interface GroupProps extends EntryProps {
  entry: GroupOf;
  problems?: Problems;
  addTask: (group: string) => void;
  showInText: () => void;
}

export function GroupForm({ problems, addTask, showInText, ...props }: GroupProps) {
  const { entry, choose, denied } = props;
  return (
    <section aria-label={t('builder.form.groupOf', { name: entry.name || entry.id })}>
      <EntryHead {...props} about={t('builder.form.taskCount', { count: entry.tasks.length })} acts={<Button small kind="quiet" icon="code" label={t('builder.showInText')} onClick={showInText} />} />
      <div className={css.form}>
        <ProblemLine problems={problems} />
        <div className={css.pair}>
          <NameField {...props} />
          <IdField {...props} />
        </div>
        <div className={css.rows}>
          {entry.tasks.map((task) => (
            <EntryRow key={task.id} entry={task} choose={choose} />
          ))}
        </div>
        <div>
          <Button small icon="plus" denied={denied} onClick={() => addTask(entry.id)}>
            {t('builder.addTask')}
          </Button>
        </div>
        <div className={css.section}>
          <h3>{t('builder.form.flow')}</h3>
          <DependsOn {...props} />
          <Condition {...props} />
          <Flag {...props} field="paused" label={t('builder.form.paused')} />
        </div>
        <MatrixFields {...props} entry={entry} />
      </div>
    </section>
  );
}

function matrixOf(entry: GroupOf): Matrix | undefined {
  if (!isObject(entry.fields.matrix)) return undefined;
  const matrix = resolved(entry.fields.matrix);
  const [name, values] = Object.entries(resolved(matrix.inputs))[0] ?? ['item', [] as Tree];
  return {
    name,
    values,
    max_parallel: typeof matrix.max_parallel === 'number' ? matrix.max_parallel : undefined,
    sequential: matrix.sequential === true,
    continue_on_error: matrix.continue_on_error === true,
  };
}

function MatrixFields({ draft, entry, denied }: EntryProps & { entry: GroupOf }) {
  const matrix = matrixOf(entry);
  const change = (some: Partial<Matrix> | undefined, about = 'matrix') =>
    draft.edit(t('builder.undo.field', { field: about, id: entry.id }), (text) => setMatrix(text, entry.id, some && { name: 'item', values: ['a', 'b'], ...matrix, ...some }), `${entry.id} ${about}`);
  const values = (text: string): string | undefined => {
    if (isExpression(text)) return void change({ values: text.trim() }, 'values');
    const read = readValue(text, 'array');
    if (read === undefined) return t('builder.form.matrixValues');
    return void change({ values: read }, 'values');
  };
  const readOnly = denied !== undefined;
  return (
    <div className={css.section}>
      <Check label={t('builder.form.matrix')} checked={matrix !== undefined} disabled={readOnly} onChange={(event) => change(event.target.checked ? {} : undefined)} />
      {matrix && (
        <>
          <div className={css.pair}>
            <TextField label={t('builder.form.matrixName')} mono whole value={matrix.name} readOnly={readOnly} hint={`\${{ matrix.${matrix.name} }}`} change={(name) => (/^[A-Za-z_]\w*$/.test(name) ? void change({ name }, 'name') : t('builder.refused.word'))} />
            <NumberField label={t('builder.form.maxParallel')} optional least={1} value={matrix.max_parallel} readOnly={readOnly} change={(max_parallel) => void change({ max_parallel }, 'max_parallel')} />
          </div>
          <TextField label={t('builder.form.matrixList')} multi value={writtenValue(matrix.values)} readOnly={readOnly} hint={t('builder.about.matrix_inputs')} change={values} />
          <Check label={t('builder.form.sequential')} checked={matrix.sequential} disabled={readOnly} onChange={(event) => change({ sequential: event.target.checked })} />
          <Check label={t('builder.form.continueOnError')} checked={matrix.continue_on_error} disabled={readOnly} onChange={(event) => change({ continue_on_error: event.target.checked })} />
        </>
      )}
    </div>
  );
}
