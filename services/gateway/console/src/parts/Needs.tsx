/** What only some roles may see. Whoever may not is told why, and nothing is asked that would be refused. */
import type { ReactNode } from 'react';
import { denied, useDenied, useMe, type Role, type Where } from '../api/me';
import { t } from '../i18n';
import { Page } from './Page';
import { Empty, Loading } from './states';

export function Needs({ role, where = 'account', children }: { role: Role; where?: Where; children: () => ReactNode }) {
  const me = useMe();
  if (!me.data && me.isPending) return <Loading />;
  const why = denied(me.data, role, where);
  if (why === undefined) return <>{children()}</>;
  return (
    <Empty icon="lock" title={t('operate.denied')}>
      {why}
    </Empty>
  );
}

/** A page about all of the account: whoever sees only some pipelines has its title, and why it shows nothing. */
export function NeedsAccount({ title, children }: { title: string; children: () => ReactNode }) {
  if (useDenied('VIEWER', 'account') === undefined) return <>{children()}</>;
  return (
    <Page title={title}>
      <Needs role="VIEWER">{() => null}</Needs>
    </Page>
  );
}
