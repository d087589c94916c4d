/** The fields that tasks and groups share: id, whom they wait for, when they run, whether they are paused. */
import type { ReactNode } from 'react';
import { t } from '../../../i18n';
import { Button } from '../../../parts/Button';
import { Confirm } from '../../../parts/Dialog';
import { Check } from '../../../parts/Field';
import { Icon } from '../../../parts/Icon';
import { sameId, type EntryOf } from '../edit/pipeline';
import { setDependsOn, waitsFor } from '../edit/links';
import { namedBy, neighbours, removeEntry, renameEntry, setField } from '../edit/tasks';
import { Refusal } from '../edit/refusal';
import { refusalWords, type Draft } from '../state/useDraft';
import type { Problems } from '../graph/scene';
import { TextField } from './fields';
import { useState } from 'react';
import css from './forms.module.css';

export interface EntryProps {
  draft: Draft;
  entry: EntryOf;
  choose: (id: string | undefined) => void;
  denied?: string;
}

/** An edit of a field; typing on in one field is one step of the history. */
const fieldEdit = (draft: Draft, id: string, field: string, make: (text: string) => string): void => {
  draft.edit(t('builder.undo.field', { field, id }), make, `${id} ${field}`);
};

export function IdField({ draft, entry, choose, denied }: EntryProps) {
  const change = (next: string): string | undefined => {
    const id = next.trim();
    if (id === entry.id) return undefined;
    try {
      // Asked first, so that what is refused is said at the field.
      renameEntry(draft.text, entry.id, id);
    } catch (thrown) {
      if (thrown instanceof Refusal) return refusalWords(thrown);
      throw thrown;
    }
    draft.edit(t('builder.undo.rename', { id: entry.id, next: id }), (text) => renameEntry(text, entry.id, id));
    choose(id);
    return undefined;
  };
  return <TextField label={t('builder.form.id')} value={entry.id} whole mono change={change} hint={t('builder.form.id.more')} readOnly={denied !== undefined} />;
}

export function NameField({ draft, entry, denied }: EntryProps) {
  return (
    <TextField label={t('builder.form.name')} optional value={entry.name} placeholder={entry.id} readOnly={denied !== undefined} change={(name) => fieldEdit(draft, entry.id, 'name', (text) => setField(text, entry.id, 'name', name))} />
  );
}

export function DependsOn({ draft, entry, denied }: EntryProps) {
  const others = neighbours(draft.pipeline, entry);
  const unknown = entry.dependsOn.filter((id) => !others.some((other) => sameId(other.id, id)));
  if (others.length === 0 && unknown.length === 0) return null;
  const turn = (id: string, on: boolean) =>
    draft.edit(t(on ? 'builder.undo.connect' : 'builder.undo.disconnect'), (text) => setDependsOn(text, entry, on ? [...entry.dependsOn, id] : entry.dependsOn.filter((one) => !sameId(one, id))));
  return (
    <fieldset className={css.section} style={{ border: 0, padding: 0, margin: 0, minWidth: 0 }}>
      <legend style={{ fontWeight: 500, padding: 0, marginBottom: 4 }}>{t('builder.form.dependsOn')}</legend>
      <div className={css.checks}>
        {others.map((other) => {
          const on = entry.dependsOn.some((id) => sameId(id, other.id));
          const circle = !on && waitsFor(draft.pipeline, other, entry);
          return (
            <Check
              key={other.id}
              label={other.name || other.id}
              checked={on}
              disabled={circle || denied !== undefined}
              title={circle ? t('builder.refused.circle', { what: other.id }) : undefined}
              onChange={(event) => turn(other.id, event.target.checked)}
            />
          );
        })}
        {unknown.map((id) => (
          <Check key={id} label={t('builder.form.unknown', { id })} checked disabled={denied !== undefined} onChange={() => turn(id, false)} />
        ))}
      </div>
    </fieldset>
  );
}

export function Condition({ draft, entry, denied }: EntryProps) {
  return (
    <TextField
      label={t('builder.form.condition')}
      optional
      mono
      value={entry.condition ?? ''}
      placeholder="${{ tasks['load'].status == 'SUCCEEDED' }}"
      hint={t('builder.about.condition')}
      readOnly={denied !== undefined}
      change={(value) => fieldEdit(draft, entry.id, 'condition', (text) => setField(text, entry.id, 'condition', value))}
    />
  );
}

export function Flag({ draft, entry, denied, field, label }: EntryProps & { field: string; label: string }) {
  return (
    <Check
      label={label}
      disabled={denied !== undefined}
      checked={entry.fields[field] === true}
      onChange={(event) => draft.edit(label, (text) => setField(text, entry.id, field, event.target.checked ? true : undefined))}
    />
  );
}

export function ProblemLine({ problems }: { problems: Problems | undefined }) {
  if (!problems?.first) return null;
  return (
    <div className={`${css.problem} ${problems.errors === 0 ? css.warning : ''}`}>
      <Icon name={problems.errors > 0 ? 'cross' : 'warning'} size={14} />
      {problems.first}
    </div>
  );
}

export function EntryHead({ draft, entry, choose, denied, about, acts }: EntryProps & { about: string; acts?: ReactNode }) {
  const [removing, setRemoving] = useState(false);
  const named = removing ? namedBy(draft.text, entry) : 0;
  const remove = async () => {
    if (draft.edit(t('builder.undo.remove', { id: entry.id }), (text) => removeEntry(text, entry.id))) choose(undefined);
  };
  return (
    <header className={css.head}>
      <h2>{entry.name || entry.id}</h2>
      <p>{about}</p>
      {acts}
      <Button small kind="quiet" icon="trash" label={t('builder.remove', { id: entry.id })} denied={denied} onClick={() => setRemoving(true)} />
      <Button small kind="quiet" icon="close" label={t('parts.close')} onClick={() => choose(undefined)} />
      {removing && (
        <Confirm title={t('builder.remove', { id: entry.id })} act={t('builder.remove.act')} danger run={remove} close={() => setRemoving(false)}>
          <p>{t(entry.kind === 'group' ? 'builder.remove.group' : 'builder.remove.task', { id: entry.id })}</p>
          {named > 0 && <p>{t('builder.remove.named', { count: named })}</p>}
        </Confirm>
      )}
    </header>
  );
}
