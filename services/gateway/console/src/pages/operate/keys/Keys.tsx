/** Keys with their roles; to make keys and to revoke them. */
import { useState } from 'react';
import { Link } from 'react-router';
import { revokeKey, useKeysOfApi, type ApiKey } from '../../../api/keys';
import { useDenied } from '../../../api/me';
import { rich, t } from '../../../i18n';
import { useNow } from '../../../parts/clock';
import { Button } from '../../../parts/Button';
import { Confirm } from '../../../parts/Dialog';
import { Card, Page, Tag } from '../../../parts/Page';
import { Answer } from '../../../parts/states';
import { Mark } from '../../../parts/Status';
import { Table } from '../../../parts/Table';
import { Time } from '../../../parts/Time';
import { done } from '../../../parts/toasts';
import { useMe } from '../../../api/me';
import { Needs } from '../../../parts/Needs';
import { Grants } from '../Grants';
import css from '../operate.module.css';
import { Shown, type Secret } from '../Shown';
import { Make } from './Make';
import { greatest, ROLES, state } from './roles';

export function Keys() {
  const [making, setMaking] = useState(false);
  const [secret, setSecret] = useState<Secret>();
  const admin = useDenied('ADMIN', 'account');
  return (
    <Page title={t('shell.nav.keys')} about={t('operate.keys.about')} acts={<Button kind="primary" icon="plus" denied={admin} onClick={() => setMaking(true)}>{t('operate.keys.make')}</Button>}>
      <div className={css.stack}>
        <Needs role="ADMIN">{() => <List />}</Needs>
        <p className={css.faint}>{rich('operate.keys.more', { members: <Link to="/operate/members">{t('shell.nav.members')}</Link> })}</p>
      </div>
      {making && <Make close={() => setMaking(false)} made={(name, value) => setSecret({ title: t('operate.keys.made', { name }), of: [{ name: t('operate.keys.secret'), value }] })} />}
      {secret && <Shown secret={secret} close={() => setSecret(undefined)} />}
    </Page>
  );
}

function List() {
  const keys = useKeysOfApi(true);
  const now = useNow(60_000);
  const me = useMe().data;
  const [revoking, setRevoking] = useState<ApiKey>();
  return (
    <Answer of={keys}>
      {(all) => (
        <Card flush title={t('operate.keys')} count={all.length}>
          <Table
            label={t('operate.keys')}
            rows={all}
            id={(key) => key.id}
            sort="sort"
            columns={[
              {
                id: 'name', name: t('operate.name'), by: (key) => key.name,
                cell: (key) => (
                  <span className={css.row}>
                    <b>{key.name}</b>
                    {state(key, now) !== 'good' && <Mark tone={state(key, now) === 'expired' ? 'bad' : 'warn'} icon="clock">{t(`operate.keys.${state(key, now) as 'soon' | 'expired'}`)}</Mark>}
                    {me?.keyId === key.id && <Tag>{t('operate.keys.yours')}</Tag>}
                  </span>
                ),
              },
              {
                id: 'role', name: t('operate.role'), by: (key) => ROLES.indexOf(greatest(key.grants)),
                cell: (key) => <Grants of={key.grants} />,
              },
              { id: 'by', name: t('operate.by'), wide: true, by: (key) => key.createdBy, cell: (key) => key.createdBy },
              { id: 'used', name: t('operate.keys.used'), tight: true, by: (key) => key.lastUsedAt ?? undefined, cell: (key) => (key.lastUsedAt ? <Time at={key.lastUsedAt} /> : t('operate.keys.never')) },
              { id: 'ends', name: t('operate.keys.ends'), tight: true, wide: true, by: (key) => key.expiresAt ?? undefined, cell: (key) => <Time at={key.expiresAt} as="short" /> },
              { id: 'revoke', name: t('parts.acts'), quiet: true, tight: true, cell: (key) => <Button small kind="danger" onClick={() => setRevoking(key)}>{t('operate.keys.revoke')}</Button> },
            ]}
          />
          {revoking && (
            <Confirm
              danger
              title={t('operate.keys.revoke.of', { name: revoking.name })}
              act={t('operate.keys.revoke')}
              type={revoking.name}
              close={() => setRevoking(undefined)}
              reason="audit"
              run={async (reason) => {
                await revokeKey(revoking.id, reason);
                done(t('operate.keys.revoked', { name: revoking.name }));
              }}
            >
              <p>{t('operate.keys.revoke.more')}</p>
              {me?.keyId === revoking.id && <p className={css.warning}>{t('operate.keys.revoke.yours')}</p>}
            </Confirm>
          )}
        </Card>
      )}
    </Answer>
  );
}
