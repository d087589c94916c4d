/** One connection: which fields are set, how its last try went, who uses it; to change, try and remove it. */
import { useState } from 'react';
import { Link } from 'react-router';
import { changeConnection, removeConnection, useConnection, type Connection, type ConnectionDetail } from '../../../api/connections';
import { useDenied } from '../../../api/me';
import { t } from '../../../i18n';
import { Button } from '../../../parts/Button';
import { Confirm, Drawer } from '../../../parts/Dialog';
import { Check } from '../../../parts/Field';
import { Pairs, Tag } from '../../../parts/Page';
import { Answer } from '../../../parts/states';
import { Time } from '../../../parts/Time';
import { done } from '../../../parts/toasts';
import css from '../operate.module.css';
import { valuesOf } from './fields';
import { FieldsForm, type Typed } from './FieldsForm';
import { Tested, useTry } from './Tested';

function Users({ of }: { of: ConnectionDetail }) {
  if (of.usedBy.length === 0) return <span className={css.faint}>{t('operate.connections.unused')}</span>;
  return (
    <ul>
      {of.usedBy.map((user) => (
        <li key={`${user.pipelineId}/${user.what}`}>
          <Link to={`/pipelines/${user.pipelineId}`}>{user.pipeline}</Link> <span className={css.faint}>{user.what}</span>
        </li>
      ))}
      {of.moreUsers > 0 && <li className={css.faint}>{t('parts.more', { count: of.moreUsers })}</li>}
    </ul>
  );
}

function Change({ of, close }: { of: ConnectionDetail; close: () => void }) {
  const [typed, setTyped] = useState<Typed>({});
  const [gone, setGone] = useState<string[]>([]);
  const [standard, setStandard] = useState(of.isDefault);
  const run = async (reason: string) => {
    const fields = { ...valuesOf(typed), ...Object.fromEntries(gone.map((name) => [name, null])) };
    if (Object.keys(fields).length === 0 && standard === of.isDefault) throw new Error(t('operate.unchanged'));
    await changeConnection(of.connectionId, { ...(Object.keys(fields).length > 0 ? { fields } : {}), ...(standard === of.isDefault ? {} : { isDefault: standard }) }, reason);
    done(t('operate.connections.changed', { name: of.connectionName }));
  };
  return (
    <Confirm title={t('operate.connections.change.of', { name: of.connectionName })} act={t('operate.change.do')} reason="audit" run={run} close={close}>
      <p className={css.faint}>{t('operate.connections.change.more')}</p>
      <FieldsForm
        integration={of.integration}
        typed={typed}
        type={setTyped}
        kept={of.fields.map((field) => field.name)}
        gone={gone}
        drop={(name, leaves) => setGone(leaves ? [...gone, name] : gone.filter((one) => one !== name))}
      />
      <Check label={t('operate.connections.default.hint')} checked={standard} onChange={(event) => setStandard(event.target.checked)} />
    </Confirm>
  );
}

function Remove({ of, close, gone }: { of: ConnectionDetail; close: () => void; gone: () => void }) {
  const used = of.usedBy.length > 0;
  const [force, setForce] = useState(false);
  const run = async (reason: string) => {
    await removeConnection(of.connectionId, force, reason);
    done(t('operate.connections.removed', { name: of.connectionName }));
    gone();
  };
  return (
    <Confirm danger title={t('operate.connections.remove.of', { name: of.connectionName })} act={t('operate.remove.do')} type={of.connectionName} reason="audit" run={run} close={close}>
      <p>{t('operate.connections.remove.more')}</p>
      {used && (
        <>
          <h3>{t('operate.connections.users')}</h3>
          <Users of={of} />
          <Check label={t('operate.connections.force')} checked={force} onChange={(event) => setForce(event.target.checked)} />
        </>
      )}
    </Confirm>
  );
}

export function Detail({ of, close }: { of: Connection; close: () => void }) {
  const admin = useDenied('ADMIN', 'account');
  const editor = useDenied('EDITOR', 'account');
  const detail = useConnection(of.connectionId, admin === undefined);
  const [open, setOpen] = useState<'change' | 'remove'>();
  const { pending, run } = useTry(of);
  const more = detail.data;
  return (
    <Drawer
      title={of.connectionName}
      close={close}
      foot={
        <>
          <Button kind="danger" icon="trash" denied={admin ?? (more ? undefined : t('parts.loading'))} onClick={() => setOpen('remove')}>{t('operate.remove.do')}</Button>
          <Button icon="edit" denied={admin ?? (more ? undefined : t('parts.loading'))} onClick={() => setOpen('change')}>{t('operate.change')}</Button>
          <Button kind="primary" icon="play" pending={pending} denied={editor} onClick={run}>{t('operate.connections.try')}</Button>
        </>
      }
    >
      <div className={css.stack}>
        <Pairs
          of={[
            [t('operate.integration'), of.integration],
            [t('operate.connections.state'), <Tested key="state" of={of} />],
            [t('operate.connections.default'), t(of.isDefault ? 'operate.yes' : 'operate.no')],
            [t('operate.changed'), <Time key="at" at={of.updatedAt} />],
          ]}
        />
        {admin ? (
          <p className={css.faint}>{admin}</p>
        ) : (
          <Answer of={detail} tight>
            {(shown) => (
              <div className={css.stack}>
                <Pairs
                  of={[
                    [t('operate.version'), String(shown.version)],
                    [t('operate.connections.tried'), <Time key="tried" at={shown.testedAt} />],
                    [t('operate.connections.said'), shown.message ?? undefined],
                  ]}
                />
                <h3>{t('operate.connections.fields')}</h3>
                <p className={css.row}>
                  {shown.fields.map((field) => (
                    <Tag key={field.name}>{field.store ? `${field.name} · ${field.store}` : field.name}</Tag>
                  ))}
                </p>
                <p className={css.faint}>{t('operate.connections.sealed')}</p>
                <h3>{t('operate.connections.users')}</h3>
                <Users of={shown} />
              </div>
            )}
          </Answer>
        )}
      </div>
      {open === 'change' && more && <Change of={more} close={() => setOpen(undefined)} />}
      {open === 'remove' && more && <Remove of={more} close={() => setOpen(undefined)} gone={close} />}
    </Drawer>
  );
}
