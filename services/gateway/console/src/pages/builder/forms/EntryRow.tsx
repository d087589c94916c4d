/** A task or group in a list: opens its form. */
import { t } from '../../../i18n';
import { Icon } from '../../../parts/Icon';
import type { EntryOf } from '../edit/pipeline';
import css from './forms.module.css';

export function EntryRow({ entry, choose, inner }: { entry: EntryOf; choose: (id: string) => void; inner?: boolean }) {
  return (
    <button type="button" className={`${css.entry} ${inner ? css.inner : ''}`} onClick={() => choose(entry.id)}>
      <Icon name={entry.kind === 'group' ? 'environments' : 'dot'} size={14} />
      <span>{entry.name || entry.id}</span>
      <em>{entry.kind === 'group' ? t('builder.form.taskCount', { count: entry.tasks.length }) : entry.integration}</em>
    </button>
  );
}
