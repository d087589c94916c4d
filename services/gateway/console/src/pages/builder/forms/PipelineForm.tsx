/** The pipeline itself as a form: its name, what starts it by the clock, and all of its entries as a list. */
import { useState } from 'react';
import { useEnvironmentNames } from '../../../api/catalogue';
import { t } from '../../../i18n';
import { Button } from '../../../parts/Button';
import { setRoot } from '../edit/tasks';
import { addSchedule, removeSchedule, schedules, setSchedule, type ScheduleOf } from '../edit/triggers';
import type { Draft } from '../state/useDraft';
import { EntryRow } from './EntryRow';
import { TextField } from './fields';
import css from './forms.module.css';

interface PipelineProps {
  draft: Draft;
  choose: (id: string) => void;
  addTask: () => void;
  addGroup: () => void;
  denied?: string;
}

/** What the language has besides, which is written in the text. */
const ELSEWHERE = ['inputs', 'sensors', 'trigger_events', 'webhook', 'alerts', 'anomalies'];

export function PipelineForm({ draft, choose, addTask, addGroup, denied }: PipelineProps) {
  const { pipeline } = draft;
  const there = ELSEWHERE.filter((name) => pipeline.fields[name] !== undefined && pipeline.fields[name] !== null);
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
          change={(name) => {
            if (name.trim() === '') return t('builder.form.required');
            return void draft.edit(t('builder.undo.name'), (text) => setRoot(text, 'name', name), 'name');
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
        <div style={{ display: 'flex', gap: 8 }}>
          <Button small icon="plus" denied={denied} onClick={addTask}>
            {t('builder.addTask')}
          </Button>
          <Button small icon="plus" denied={denied} onClick={addGroup}>
            {t('builder.addGroup')}
          </Button>
        </div>
        <Schedules draft={draft} denied={denied} />
        {there.length > 0 && <p style={{ color: 'var(--muted)' }}>{t('builder.form.elsewhere', { names: there.join(', ') })}</p>}
      </div>
    </section>
  );
}

let zones: string[] | undefined;

function Schedules({ draft, denied }: { draft: Draft; denied?: string }) {
  const environments = useEnvironmentNames();
  const [more, setMore] = useState<number>();
  const list = schedules(draft.text);
  const readOnly = denied !== undefined;
  const change = (at: number, field: keyof ScheduleOf) => (value: string) => {
    if (field === 'cron' && value.trim() === '') return t('builder.form.required');
    return void draft.edit(t('builder.undo.schedule'), (text) => setSchedule(text, at, field, value.trim()), `schedule ${at} ${field}`);
  };
  zones ??= Intl.supportedValuesOf('timeZone');
  return (
    <div className={css.section}>
      <h3>{t('builder.form.schedules')}</h3>
      {list.map((one, at) => (
        <div key={at} className={css.rows} style={{ gap: 8 }}>
          <div className={css.schedule}>
            <TextField label={t('builder.form.cron')} mono value={one.cron} readOnly={readOnly} change={change(at, 'cron')} />
            <TextField label={t('builder.form.timezone')} value={one.timezone} options={zones} placeholder="UTC" readOnly={readOnly} change={change(at, 'timezone')} />
            <span style={{ display: 'inline-flex', gap: 2 }}>
              <Button small kind="quiet" icon={more === at ? 'up' : 'down'} label={t('builder.form.more')} aria-expanded={more === at} onClick={() => setMore(more === at ? undefined : at)} />
              <Button small kind="quiet" icon="trash" denied={denied} label={t('builder.form.removeSchedule')} onClick={() => draft.edit(t('builder.undo.schedule'), (text) => removeSchedule(text, at))} />
            </span>
          </div>
          {more === at && (
            <div className={css.pair}>
              <TextField label={t('builder.form.name')} optional value={one.name} readOnly={readOnly} change={change(at, 'name')} />
              <TextField label={t('builder.form.environment')} optional value={one.environment} readOnly={readOnly} options={(environments.data ?? []).map((environment) => environment.name)} change={change(at, 'environment')} />
            </div>
          )}
        </div>
      ))}
      {list.length > 0 && <p style={{ color: 'var(--muted)', fontSize: 'var(--size-s)' }}>{t('builder.about.cron')}</p>}
      <div>
        <Button small icon="plus" denied={denied} onClick={() => draft.edit(t('builder.undo.schedule'), (text) => addSchedule(text, '0 8 ? * * *', Intl.DateTimeFormat().resolvedOptions().timeZone))}>
          {t('builder.form.addSchedule')}
        </Button>
      </div>
    </div>
  );
}
