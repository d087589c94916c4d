/** Makes a connection. What is typed is sealed by the server and shown nowhere after. */
import { useState } from 'react';
import { makeConnection } from '../../../api/connections';
import { useIntegrationNames } from '../../../api/health';
import { t } from '../../../i18n';
import { Confirm } from '../../../parts/Dialog';
import { Check, Field, Input, Select } from '../../../parts/Field';
import { done } from '../../../parts/toasts';
import { fieldsOf, valuesOf } from './fields';
import { FieldsForm, type Typed } from './FieldsForm';

export function Make({ close }: { close: () => void }) {
  const names = useIntegrationNames().data ?? [];
  const [name, setName] = useState('');
  const [integration, setIntegration] = useState('POSTGRES');
  const [typed, setTyped] = useState<Typed>({});
  const [standard, setStandard] = useState(false);
  const missing = fieldsOf(integration).filter((field) => field.needed && !typed[field.name]);
  const wrong = !/^[A-Za-z0-9_-]{1,128}$/.test(name) ? t('operate.connections.name.wrong') : missing.length > 0 ? t('operate.connections.missing', { fields: missing.map((field) => field.name).join(', ') }) : undefined;
  const run = async (reason: string) => {
    if (wrong) throw new Error(wrong);
    await makeConnection({ name, integration, fields: valuesOf(typed), isDefault: standard }, reason);
    done(t('operate.connections.made', { name }));
  };
  return (
    <Confirm title={t('operate.connections.make')} act={t('operate.connections.make.do')} reason="audit" run={run} close={close}>
      <Field label={t('operate.name')} hint={t('operate.connections.name.hint')}>
        {(id, described) => <Input id={id} aria-describedby={described} value={name} onChange={(event) => setName(event.target.value)} autoFocus autoComplete="off" spellCheck={false} />}
      </Field>
      <Field label={t('operate.integration')}>
        {(id) => (
          <Select
            id={id}
            value={integration}
            choices={(names.some((one) => one.integration === integration) ? names : [{ integration, displayName: integration }, ...names]).map((one) => ({ value: one.integration, name: one.displayName }))}
            choose={(chosen) => {
              setIntegration(chosen);
              setTyped({});
            }}
          />
        )}
      </Field>
      <FieldsForm key={integration} integration={integration} typed={typed} type={setTyped} />
      <Check label={t('operate.connections.default.hint')} checked={standard} onChange={(event) => setStandard(event.target.checked)} />
    </Confirm>
  );
}
