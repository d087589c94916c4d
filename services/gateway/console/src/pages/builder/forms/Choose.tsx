/** Chooses from the catalogue what a new task does, or what a sensor looks for: by name, integration and kind; by keys alone too. */
import { useEffect, useId, useMemo, useState, type KeyboardEvent } from 'react';
import type { Integration, Parameter } from '../../../api/catalogue';
import { fit } from '../../../app/commands';
import { named, t } from '../../../i18n';
import { Button } from '../../../parts/Button';
import { Dialog } from '../../../parts/Dialog';
import { Input } from '../../../parts/Field';
import { Empty } from '../../../parts/states';
import css from './Choose.module.css';

export interface Offer {
  integration: string;
  integrationName: string;
  /** The kind of the integration. */
  group: string;
  /** The job or the sensor type, as the document writes it. */
  code: string;
  name: string;
  parameters: Parameter[];
}

const of = ({ integration, displayName, group }: Integration) => ({ integration, integrationName: displayName, group });
export const jobOffers = (catalogue: readonly Integration[]): Offer[] =>
  catalogue.flatMap((one) => one.jobs.map((job) => ({ ...of(one), code: job.integrationJob, name: job.displayName, parameters: job.parameters })));
export const checkOffers = (catalogue: readonly Integration[]): Offer[] =>
  catalogue.flatMap((one) => one.sensorChecks.map((check) => ({ ...of(one), code: check.sensorType, name: check.displayName, parameters: check.parameters })));

const ORDER = ['general', 'compute', 'transformation', 'warehouse', 'database', 'ingestion', 'quality', 'storage', 'bi', 'activation', 'messaging', 'orchestration', 'ai'];
const rankOf = (group: string) => (ORDER.indexOf(group) + 1 || ORDER.length + 1);

/** Those that fit, the best first; without words, by kind and integration. */
export function fitting(offers: readonly Offer[], text: string, group: string): Offer[] {
  const all = offers.filter((one) => group === '' || one.group === group);
  const words = text.trim();
  if (words === '') return all.sort((a, b) => rankOf(a.group) - rankOf(b.group) || a.integrationName.localeCompare(b.integrationName));
  // Words may be of the integration, of the job or of both: `python run`.
  const rank = (offer: Offer) => {
    const name = `${offer.integrationName} ${offer.name}`;
    const parts = words.split(/\s+/).map((part) => Math.max(fit(part, name) ?? -1, (fit(part, offer.code) ?? -1) - 50));
    return parts.some((part) => part < 0) ? -1 : parts.reduce((sum, part) => sum + part, 0);
  };
  return all
    .map((offer) => ({ offer, rank: rank(offer) }))
    .filter((one) => one.rank >= 300)
    .sort((a, b) => b.rank - a.rank)
    .map((one) => one.offer);
}

interface ChooseProps {
  title: string;
  search: string;
  offers: Offer[];
  add: (offer: Offer) => void;
  close: () => void;
}

export function Choose({ title, search, offers, add, close }: ChooseProps) {
  const [text, setText] = useState('');
  const [group, setGroup] = useState('');
  const [at, setAt] = useState(0);
  const id = useId();
  const groups = useMemo(() => [...new Set(offers.map((one) => one.group))].sort((a, b) => rankOf(a) - rankOf(b)), [offers]);
  const shown = useMemo(() => fitting(offers, text, group), [offers, text, group]);
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
    <Dialog title={title} close={close} wide>
      <Input
        id={`${id}-input`}
        role="combobox"
        aria-expanded="true"
        aria-controls={`${id}-list`}
        aria-activedescendant={shown.length > 0 ? `${id}-${chosen}` : undefined}
        aria-label={search}
        placeholder={search}
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
        <div id={`${id}-list`} role="listbox" aria-label={title} className={css.list}>
          {shown.map((offer, place) => (
            <div
              key={`${offer.integration} ${offer.code}`}
              id={`${id}-${place}`}
              role="option"
              aria-selected={place === chosen}
              className={css.offer}
              onClick={() => add(offer)}
              onMouseMove={() => setAt(place)}
            >
              <b>{offer.name}</b>
              <span>{offer.integrationName}</span>
              <em>{named('builder.group', offer.group)}</em>
            </div>
          ))}
        </div>
      )}
    </Dialog>
  );
}
