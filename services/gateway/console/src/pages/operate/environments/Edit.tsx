/** Makes an environment, changes it, removes it. */
import { useState } from 'react';
import { changeEnvironment, makeEnvironment, removeEnvironment, type Environment } from '../../../api/environments';
import { t } from '../../../i18n';
import { Button } from '../../../parts/Button';
import { Confirm } from '../../../parts/Dialog';
import { Check, Field, Input, Select } from '../../../parts/Field';
import { done } from '../../../parts/toasts';
import css from '../operate.module.css';
import { faultOf, linesOf, TYPES, valuesOf, type Line } from './values';

export function Edit({ of, close }: { of?: Environment; close: () => void }) {
  const [name, setName] = useState(of?.name ?? '');
  const [standard, setStandard] = useState(of?.defaultEnv ?? false);
  const [lines, setLines] = useState<Line[]>(() => linesOf(of?.values ?? {}));
  const [next, setNext] = useState(() => Object.keys(of?.values ?? {}).length);
  const set = (id: number, some: Partial<Line>) => setLines(lines.map((line) => (line.id === id ? { ...line, ...some } : line)));
  const run = async (reason: string) => {
    const bad = lines.find((line) => faultOf(line, lines));
    if (bad) throw new Error(`${bad.name || t('operate.name')}: ${t(`operate.environments.fault.${faultOf(bad, lines)!}`)}`);
    if (of) await changeEnvironment(of.environmentId, { name, values: valuesOf(lines), defaultEnv: standard }, reason);
    else await makeEnvironment(name, valuesOf(lines), reason);
    done(t(of ? 'operate.environments.changed' : 'operate.environments.made', { name }));
  };
  return (
    <Confirm title={of ? t('operate.environments.change', { name: of.name }) : t('operate.environments.make')} act={t(of ? 'operate.change.do' : 'operate.environments.make.do')} reason="audit" run={run} close={close}>
      <Field label={t('operate.name')}>{(id) => <Input id={id} value={name} autoFocus onChange={(event) => setName(event.target.value)} autoComplete="off" spellCheck={false} />}</Field>
      <h3>{t('operate.environments.variables')}</h3>
      {lines.map((line) => {
        const fault = line.name || line.text ? faultOf(line, lines) : undefined;
        return (
          <div key={line.id}>
            <div className={css.three}>
              <Input aria-label={t('operate.name')} placeholder={t('operate.name')} value={line.name} aria-invalid={fault !== undefined} onChange={(event) => set(line.id, { name: event.target.value })} spellCheck={false} />
              <Select aria-label={t('operate.type')} value={line.type} choices={TYPES.map((type) => ({ value: type, name: type }))} choose={(type) => set(line.id, { type })} />
              <Input aria-label={t('operate.value')} placeholder={t('operate.value')} value={line.text} aria-invalid={fault !== undefined} onChange={(event) => set(line.id, { text: event.target.value })} spellCheck={false} />
              <Button small kind="quiet" icon="trash" label={t('operate.environments.drop', { name: line.name })} onClick={() => setLines(lines.filter((one) => one.id !== line.id))} />
            </div>
            {fault && <p className={css.error}>{t(`operate.environments.fault.${fault}`)}</p>}
          </div>
        );
      })}
      <div>
        <Button
          icon="plus"
          onClick={() => {
            setLines([...lines, { id: next, name: '', type: 'string', text: '' }]);
            setNext(next + 1);
          }}
        >
          {t('operate.environments.add')}
        </Button>
      </div>
      {of && !of.defaultEnv && <Check label={t('operate.environments.default.set')} checked={standard} onChange={(event) => setStandard(event.target.checked)} />}
      <p className={css.faint}>{t('operate.environments.counts')}</p>
    </Confirm>
  );
}

export function Remove({ of, close, gone }: { of: Environment; close: () => void; gone: () => void }) {
  const run = async (reason: string) => {
    await removeEnvironment(of.environmentId, reason);
    done(t('operate.environments.removed', { name: of.name }));
    gone();
  };
  return (
    <Confirm danger title={t('operate.environments.remove', { name: of.name })} act={t('operate.remove.do')} type={of.name} reason="audit" run={run} close={close}>
      <p>{t('operate.environments.remove.more')}</p>
    </Confirm>
  );
}
