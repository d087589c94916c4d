/** What a task was given and what it set: parameters of the last attempt, values of its iteration, outputs. */
import { t } from '../../../i18n';
import { CodeBlock } from '../../../parts/Code';
import { shownData } from '../model/data';
import type { RunTask } from '../model/tasks';
import css from './task.module.css';

function Value({ name, value }: { name: string; value: unknown }) {
  const text = shownData(value);
  return (
    <section>
      <h3>{name}</h3>
      {text === undefined ? <p className={css.faint}>{t('run.data.none')}</p> : <CodeBlock label={name}>{text}</CodeBlock>}
    </section>
  );
}

export function Data({ task }: { task: RunTask }) {
  return (
    <div className={css.stack}>
      {task.iteration !== undefined && <Value name={t('run.matrix')} value={task.runParameters} />}
      <Value name={t('run.parameters')} value={task.taskParameters} />
      <Value name={t('run.outputs')} value={task.outputs} />
    </div>
  );
}
