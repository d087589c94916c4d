/** A person: their logins, each of which ends here, or all of them. Ending one's own signs out. */
import { useState } from 'react';
import { ButtonLink, Button } from '../../../parts/Button';
import { endLogins, type Login } from '../../../api/members';
import { leave } from '../../../api/leave';
import { t } from '../../../i18n';
import { Confirm, Drawer } from '../../../parts/Dialog';
import { Icon } from '../../../parts/Icon';
import { Pairs, Tag } from '../../../parts/Page';
import { Mark } from '../../../parts/Status';
import { Time } from '../../../parts/Time';
import { done } from '../../../parts/toasts';
import { Grants } from '../Grants';
import css from '../operate.module.css';
import members from './members.module.css';
import { ownLast, telling, type Person } from './people';

export function PersonDrawer({ of, own, close }: { of: Person; own: string | null | undefined; close: () => void }) {
  const [ending, setEnding] = useState<Login[]>();
  // Of a key they all may the same; of a person what their groups were worth when each began.
  const same = new Set(of.logins.map((login) => JSON.stringify(login.grants))).size === 1;
  const audit = `/audit?${new URLSearchParams({ actor: of.subject, range: '30d' })}`;
  return (
    <Drawer title={of.name} close={close}>
      <div className={css.stack}>
        <Pairs
          of={[
            [t('members.by'), t(`members.by.${of.by}.more`)],
            [t('operate.role'), <Grants key="grants" of={of.grants} />],
          ]}
        />
        <div className={css.row}>
          <ButtonLink to={audit} icon="audit">{t('members.audit')}</ButtonLink>
          {of.by === 'key' && <ButtonLink to="/operate/keys" icon="key">{t('shell.nav.keys')}</ButtonLink>}
          {of.logins.length > 1 && <Button kind="danger" icon="signout" onClick={() => setEnding(of.logins)}>{t('members.end.all')}</Button>}
        </div>
        <h3>{t('members.logins.of', { count: of.logins.length })}</h3>
        <ul className={members.logins}>
          {of.logins.map((login) => (
            <li key={login.id} className={members.login}>
              <div className={css.row}>
                <b>{login.client}</b>
                {login.id === own && <Tag>{t('members.this')}</Tag>}
                {login.readOnly && same && <Mark icon="lock">{t('shell.readOnly')}</Mark>}
                <span className={members.grow} />
                <Button small kind="danger" onClick={() => setEnding([login])}>{t('members.end')}<span className="only-spoken"> {login.client}</span></Button>
              </div>
              <Pairs
                of={[
                  [t('members.began'), <Time key="began" at={login.beganAt} as="short" />],
                  [t('members.renewed'), login.refreshedAt ? <Time key="renewed" at={login.refreshedAt} /> : t('members.renewed.not')],
                  [t('members.ends'), <Time key="ends" at={login.expiresAt} as="short" />],
                  [t('operate.role'), same ? undefined : <Grants key="grants" of={telling([login])} />],
                ]}
              />
            </li>
          ))}
        </ul>
        <p className={css.faint}>{t('members.renewed.more')}</p>
      </div>
      {ending && <End of={of} logins={ending} own={own} close={() => setEnding(undefined)} />}
    </Drawer>
  );
}

function End({ of, logins, own, close }: { of: Person; logins: Login[]; own: string | null | undefined; close: () => void }) {
  const mine = logins.some((login) => login.id === own);
  const one = logins.length === 1 ? logins[0] : undefined;
  return (
    <Confirm
      danger
      title={one ? t('members.end.of', { client: one.client, name: of.name }) : t('members.end.all.of', { name: of.name })}
      act={one ? t('members.end') : t('members.end.all')}
      close={close}
      run={async () => {
        await endLogins(ownLast(logins, own));
        // The session is over: the page says so at once, and not with the next request.
        if (mine) await leave();
        else done(t('members.ended', { count: logins.length, name: of.name }));
      }}
    >
      <p>{t('members.end.more')}</p>
      <p>{t(`members.again.${of.by}`)}</p>
      {mine && (
        <p className={css.warning}>
          <Icon name="warning" /> {t('members.end.own')}
        </p>
      )}
    </Confirm>
  );
}
