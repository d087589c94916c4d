/** What only some roles may see. Whoever may not is told why, and nothing is asked that would be refused. */
import type { ReactNode } from 'react';
import { denied, useMe, type Role } from '../../api/me';
import { t } from '../../i18n';
import { Empty, Loading } from '../../parts/states';

export function Needs({ role, whole = true, children }: { role: Role; whole?: boolean; children: () => ReactNode }) {
  const me = useMe();
  if (!me.data && me.isPending) return <Loading />;
  const why = denied(me.data, role, whole);
  if (why === undefined) return <>{children()}</>;
  return (
    <Empty icon="lock" title={t('operate.denied')}>
      {why}
    </Empty>
  );
}

/** Why whoever is signed in may not do something, or undefined. */
export function useDenied(role: Role, whole = true): string | undefined {
  return denied(useMe().data, role, whole);
}
