/** Makes a key. Its secret is shown once, by whoever opened this. */
import { useState } from 'react';
import { makeKey, type Grant } from '../../../api/keys';
import type { Role } from '../../../api/me';
import { t } from '../../../i18n';
import { Button } from '../../../parts/Button';
import { Confirm } from '../../../parts/Dialog';
import { Field, Input, Select } from '../../../parts/Field';
import css from '../operate.module.css';
import { endOf, goodLabel, labelsOf, ROLES } from './roles';

interface Line {
  role: Role;
  labels: string;
}

export function Make({ close, made }: { close: () => void; made: (name: string, secret: string) => void }) {
  const [name, setName] = useState('');
  const [days, setDays] = useState('90');
  const [lines, setLines] = useState<Line[]>([{ role: 'VIEWER', labels: '' }]);
  const set = (at: number, some: Partial<Line>) => setLines(lines.map((line, place) => (place === at ? { ...line, ...some } : line)));
  const run = async (reason: string) => {
    if (name.trim() === '') throw new Error(t('operate.keys.name.missing'));
    const life = Number(days);
    if (!Number.isInteger(life) || life < 1 || life > 366) throw new Error(t('operate.keys.days.wrong'));
    const grants: Grant[] = lines.map((line) => ({ role: line.role, labels: labelsOf(line.labels) }));
    const bad = grants.flatMap((grant) => grant.labels).find((label) => !goodLabel(label));
    if (bad) throw new Error(t('operate.keys.label.wrong', { label: bad }));
    const { secret } = await makeKey({ name: name.trim(), grants, expiresAt: endOf(life, Date.now()) }, reason);
    made(name.trim(), secret);
  };
  return (
    <Confirm title={t('operate.keys.make')} act={t('operate.keys.make.do')} reason="audit" run={run} close={close}>
      <div className={css.pairs}>
        <Field label={t('operate.name')} hint={t('operate.keys.name.hint')}>{(id, described) => <Input id={id} aria-describedby={described} autoFocus value={name} maxLength={100} onChange={(event) => setName(event.target.value)} autoComplete="off" />}</Field>
        <Field label={t('operate.keys.days')} hint={t('operate.keys.days.hint')}>{(id, described) => <Input id={id} aria-describedby={described} inputMode="numeric" value={days} onChange={(event) => setDays(event.target.value)} />}</Field>
      </div>
      {lines.map((line, at) => (
        <div key={at} className={css.pairs}>
          <Field label={t('operate.role')} hint={t(`operate.role.${line.role}`)}>
            {(id, described) => <Select id={id} aria-describedby={described} value={line.role} choices={ROLES.map((role) => ({ value: role, name: t(`shell.role.${role}`) }))} choose={(role) => set(at, { role: role as Role })} />}
          </Field>
          <Field label={t('operate.labels')} hint={t('operate.labels.hint')} optional>
            {(id, described) => (
              <div className={css.row}>
                <Input id={id} aria-describedby={described} style={{ flex: 1 }} value={line.labels} placeholder="finance, eu" onChange={(event) => set(at, { labels: event.target.value })} autoComplete="off" spellCheck={false} />
                {lines.length > 1 && <Button small kind="quiet" icon="trash" label={t('operate.remove.do')} onClick={() => setLines(lines.filter((_, place) => place !== at))} />}
              </div>
            )}
          </Field>
        </div>
      ))}
      <div>
        <Button small icon="plus" denied={lines.length >= 20 ? t('operate.keys.grants.most') : undefined} onClick={() => setLines([...lines, { role: 'OPERATOR', labels: '' }])}>{t('operate.keys.grant.add')}</Button>
      </div>
    </Confirm>
  );
}
