/** The pipeline itself as a form: its name, all of its entries as a list, what starts it, what it takes, and who is told. */
import { t, type Key } from '../../../i18n';
import { Button } from '../../../parts/Button';
import { setPart } from '../edit/parts';
import { EntryRow } from './EntryRow';
import { TextField } from './fields';
import type { Bench } from './parts/bench';
import { saidAt } from './parts/said';
import { Section } from './parts/Section';
import css from './forms.module.css';

interface PipelineProps {
  bench: Bench;
  choose: (id: string) => void;
  addTask: () => void;
  addGroup: () => void;
}

/** What belongs together; of some there is always exactly one. */
const SECTIONS: { title: Key; lists: string[]; single?: string }[] = [
  { title: 'builder.form.inputs', lists: ['inputs'] },
  { title: 'builder.form.starts', lists: ['schedule', 'sensors', 'trigger_events'], single: 'webhook' },
  { title: 'builder.form.told', lists: ['alerts', 'anomalies'] },
  { title: 'builder.form.defaults', lists: [], single: 'configuration' },
];

export function PipelineForm({ bench, choose, addTask, addGroup }: PipelineProps) {
  const { draft, denied, diagnostics } = bench;
  const { pipeline } = draft;
  return (
    <section aria-label={t('builder.form.pipeline')}>
      <header className={css.head}>
        <h2>{t('builder.form.pipeline')}</h2>
      </header>
      <div className={css.form}>
        <TextField
          label={t('builder.form.name')}
          value={pipeline.name}
          readOnly={denied !== undefined}
          error={saidAt(diagnostics, ['name'])}
          change={(name) => {
            if (name.trim() === '') return t('builder.form.required');
            return void draft.edit(t('builder.undo.name'), (text) => setPart(text, ['name'], name), 'name');
          }}
        />
        <div className={css.rows}>
          {pipeline.entries.map((entry) => (
            <div className={css.rows} key={entry.id}>
              <EntryRow entry={entry} choose={choose} />
              {entry.kind === 'group' && entry.tasks.map((task) => <EntryRow key={task.id} entry={task} choose={choose} inner />)}
            </div>
          ))}
        </div>
        <div className={css.acts}>
          <Button small icon="plus" denied={denied} onClick={addTask}>
            {t('builder.addTask')}
          </Button>
          <Button small icon="plus" denied={denied} onClick={addGroup}>
            {t('builder.addGroup')}
          </Button>
        </div>
        {SECTIONS.map((section) => (
          <Section key={section.title} bench={bench} {...section} />
        ))}
        {pipeline.fields.meta !== undefined && pipeline.fields.meta !== null && <p className={css.about}>{t('builder.form.elsewhere', { names: 'meta' })}</p>}
      </div>
    </section>
  );
}
