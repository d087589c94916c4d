/** Where an area of operations is, and what it is for. */
import { Link } from 'react-router';
import { denied, useMe } from '../../api/me';
import { t, type Key } from '../../i18n';
import { Icon } from '../../parts/Icon';
import { Page } from '../../parts/Page';
import { PLACES } from './routes';
import css from './operate.module.css';

const ADMIN = new Set(['members', 'keys', 'audit']);

export function Operate() {
  const me = useMe().data;
  const places = [...PLACES.map(({ id, name, icon }) => ({ id, to: `/operate/${id}`, name, icon })), { id: 'audit', to: '/audit', name: 'shell.nav.audit' as Key, icon: 'audit' as const }]
    // Who sees nothing there is not led there.
    .filter(({ id }) => !ADMIN.has(id) || denied(me, 'ADMIN', 'account') === undefined);
  return (
    <Page title={t('operate.title')} about={t('operate.about')}>
      <div className={css.tiles}>
        {places.map(({ id, to, name, icon }) => (
          <Link key={id} to={to} className={css.tile}>
            <Icon name={icon} size={20} />
            <span>
              <h2>{t(name)}</h2>
              <p>{t(`operate.place.${id}` as Key)}</p>
            </span>
          </Link>
        ))}
      </div>
    </Page>
  );
}
