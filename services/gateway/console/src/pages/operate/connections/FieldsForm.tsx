/** The fields of a connection: those that its integration has, and further ones by name. Nothing that was kept is shown. */
import { useState } from 'react';
import { t } from '../../../i18n';
import { Button } from '../../../parts/Button';
import { Field, Input, TextArea } from '../../../parts/Field';
import css from '../operate.module.css';
import { fieldsOf, isSecret, storeOf } from './fields';

export type Typed = Record<string, string>;

interface FormProps {
  integration: string;
  typed: Typed;
  type: (typed: Typed) => void;
  /** Names of fields that are kept: they stay unless something is typed. */
  kept?: string[];
  /** Those of them that are to go. */
  gone?: string[];
  drop?: (name: string, gone: boolean) => void;
}

export function FieldsForm({ integration, typed, type, kept = [], gone = [], drop }: FormProps) {
  const [added, setAdded] = useState<string[]>([]);
  const [name, setName] = useState('');
  const table = fieldsOf(integration);
  const names = [...new Set([...table.map((field) => field.name), ...kept, ...added])];
  const good = /^[A-Za-z][A-Za-z0-9_-]*$/.test(name) && !names.includes(name);
  return (
    <div className={css.stack}>
      {names.map((one) => {
        const known = table.find((field) => field.name === one);
        const secret = isSecret(integration, one);
        const there = kept.includes(one);
        const leaves = gone.includes(one);
        const value = typed[one] ?? '';
        const store = storeOf(value);
        const hint = leaves
          ? t('operate.connections.field.gone')
          : store
            ? t('operate.connections.field.store', { store })
            : there
              ? t('operate.connections.field.kept')
              : known?.hint;
        const more = { value, disabled: leaves, placeholder: there ? '••••••••' : undefined, autoComplete: 'off', spellCheck: false };
        return (
          <Field key={one} label={one} optional={!known?.needed || there} hint={hint}>
            {(id, described) => (
              <div className={css.row}>
                {known?.long ? (
                  <TextArea id={id} aria-describedby={described} {...more} onChange={(event) => type({ ...typed, [one]: event.target.value })} />
                ) : (
                  <Input
                    id={id}
                    aria-describedby={described}
                    style={{ flex: 1 }}
                    type={secret && !store ? 'password' : 'text'}
                    {...more}
                    autoComplete={secret ? 'new-password' : 'off'}
                    onChange={(event) => type({ ...typed, [one]: event.target.value })}
                  />
                )}
                {there && drop && (
                  <Button small kind="quiet" icon={leaves ? 'retry' : 'trash'} label={t(leaves ? 'operate.connections.field.keep' : 'operate.connections.field.drop', { name: one })} onClick={() => drop(one, !leaves)} />
                )}
              </div>
            )}
          </Field>
        );
      })}
      <Field label={t('operate.connections.field.more')} hint={t('operate.connections.field.more.hint')} optional>
        {(id, described) => (
          <div className={css.row}>
            <Input id={id} aria-describedby={described} style={{ flex: 1 }} value={name} onChange={(event) => setName(event.target.value)} autoComplete="off" spellCheck={false} />
            <Button
              icon="plus"
              denied={good ? undefined : t('operate.connections.field.name')}
              onClick={() => {
                setAdded([...added, name]);
                setName('');
              }}
            >
              {t('operate.add')}
            </Button>
          </div>
        )}
      </Field>
    </div>
  );
}
