/** Chooses what a new task does: all jobs of the catalogue, searched by name, integration and kind; by keys alone too. */
import { useEffect, useId, useMemo, useState, type KeyboardEvent } from 'react';
import type { Integration, Job } from '../../../api/catalogue';
import { fit } from '../../../app/commands';
import { named, t } from '../../../i18n';
import { Button } from '../../../parts/Button';
import { Dialog } from '../../../parts/Dialog';
import { Input } from '../../../parts/Field';
import { Empty } from '../../../parts/states';
import css from './AddTask.module.css';

export interface Offer {
  integration: Integration;
  job: Job;
}

const ORDER = ['general', 'compute', 'transformation', 'warehouse', 'database', 'ingestion', 'quality', 'storage', 'bi', 'activation', 'messaging', 'orchestration', 'ai'];
const rankOf = (group: string) => (ORDER.indexOf(group) + 1 || ORDER.length + 1);

/** The jobs that fit, the best first; without words, by kind and integration. */
export function offers(catalogue: readonly Integration[], text: string, group: string): Offer[] {
  const all = catalogue.filter((one) => group === '' || one.group === group).flatMap((integration) => integration.jobs.map((job) => ({ integration, job })));
  const words = text.trim();
  if (words === '') {
    return all.sort((a, b) => rankOf(a.integration.group) - rankOf(b.integration.group) || a.integration.displayName.localeCompare(b.integration.displayName));
  }
  // Words may be of the integration, of the job or of both: `python run`.
  const rank = ({ integration, job }: Offer) => {
    const name = `${integration.displayName} ${job.displayName}`;
    const parts = words.split(/\s+/).map((part) => Math.max(fit(part, name) ?? -1, (fit(part, job.integrationJob) ?? -1) - 50));
    return parts.some((part) => part < 0) ? -1 : parts.reduce((sum, part) => sum + part, 0);
  };
  return all
    .map((offer) => ({ offer, rank: rank(offer) }))
    .filter((one) => one.rank >= 300)
    .sort((a, b) => b.rank - a.rank)
    .map((one) => one.offer);
}

export function AddTask({ catalogue, add, close }: { catalogue: Integration[]; add: (offer: Offer) => void; close: () => void }) {
  const [text, setText] = useState('');
  const [group, setGroup] = useState('');
  const [at, setAt] = useState(0);
  const id = useId();
  const groups = useMemo(() => [...new Set(catalogue.map((one) => one.group))].sort((a, b) => rankOf(a) - rankOf(b)), [catalogue]);
  const shown = useMemo(() => offers(catalogue, text, group), [catalogue, text, group]);
  const chosen = Math.min(at, shown.length - 1);
  // After the dialog has put the focus on its first button.
  useEffect(() => document.getElementById(`${id}-input`)?.focus(), [id]);
  useEffect(() => {
    // In braces: newer browsers answer with a promise, which is no way to end an effect.
    document.getElementById(`${id}-${chosen}`)?.scrollIntoView({ block: 'nearest' });
  }, [chosen, id]);
  const press = (event: KeyboardEvent) => {
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (step) {
      event.preventDefault();
      setAt((chosen + step + shown.length) % Math.max(1, shown.length));
    } else if (event.key === 'Enter' && shown[chosen]) {
      event.preventDefault();
      add(shown[chosen]);
    }
  };
  return (
    <Dialog title={t('builder.add.title')} close={close} wide>
      <Input
        id={`${id}-input`}
        role="combobox"
        aria-expanded="true"
        aria-controls={`${id}-list`}
        aria-activedescendant={shown.length > 0 ? `${id}-${chosen}` : undefined}
        aria-label={t('builder.add.search')}
        placeholder={t('builder.add.search')}
        value={text}
        onKeyDown={press}
        onChange={(event) => {
          setText(event.target.value);
          setAt(0);
        }}
      />
      <div className={css.groups} role="group" aria-label={t('builder.add.kinds')}>
        {['', ...groups].map((one) => (
          <Button key={one} small kind={one === group ? 'primary' : 'plain'} aria-pressed={one === group} onClick={() => setGroup(one)}>
            {one === '' ? t('parts.all') : named('builder.group', one)}
          </Button>
        ))}
      </div>
      {shown.length === 0 ? (
        <Empty title={t('builder.add.none')} tight>
          {t('builder.add.none.more')}
        </Empty>
      ) : (
        <div id={`${id}-list`} role="listbox" aria-label={t('builder.add.title')} className={css.list}>
          {shown.map(({ integration, job }, place) => (
            <div
              key={`${integration.integration} ${job.integrationJob}`}
              id={`${id}-${place}`}
              role="option"
              aria-selected={place === chosen}
              className={css.offer}
              onClick={() => add({ integration, job })}
              onMouseMove={() => setAt(place)}
            >
              <b>{job.displayName}</b>
              <span>{integration.displayName}</span>
              <em>{named('builder.group', integration.group)}</em>
            </div>
          ))}
        </div>
      )}
    </Dialog>
  );
}
