/** The navigation: areas, what belongs to one while it is open, who is signed in. */
import { Link, useLocation } from 'react-router';
import { leave } from '../api/leave';
import { denied, roleName, useMe } from '../api/me';
import { t } from '../i18n';
import { Icon, type IconName } from '../parts/Icon';
import { Tip } from '../parts/Tip';
import { NAV, SETTINGS, type NavItem } from './nav';
import { change, useSettings } from './settings';
import css from './Shell.module.css';

/** Whether `path` is the place of the item or below it. */
export function within(path: string, to: string): boolean {
  return to === '/' ? path === '/' : path === to || path.startsWith(`${to}/`);
}

function Item({ item, path }: { item: NavItem; path: string }) {
  const { narrow } = useSettings();
  const me = useMe().data;
  const at = within(path, item.to) || (item.also !== undefined && within(path, item.also));
  const inside = at || item.items?.some((one) => within(path, one.to));
  // The entry of an area with entries of its own is only marked where no entry of it is.
  const here = at && !item.items?.some((one) => within(path, one.to));
  const link = (
    <Link to={item.to} className={css.link} aria-current={here ? 'page' : undefined}>
      <Icon name={item.icon} size={17} />
      <span>{t(item.name)}</span>
    </Link>
  );
  return (
    <li>
      {narrow ? <Tip text={t(item.name)}>{link}</Tip> : link}
      {item.items && inside && (
        <ul className={css.sub}>
          {item.items
            .filter((one) => one.role === undefined || denied(me, one.role, 'account') === undefined)
            .map((one) => (
              <Item key={one.to} item={one} path={path} />
            ))}
        </ul>
      )}
    </li>
  );
}

function Press({ icon, name, run, className }: { icon: IconName; name: string; run: () => void; className?: string }) {
  const { narrow } = useSettings();
  const button = (
    <button type="button" className={`${css.link} ${className ?? ''}`} onClick={run}>
      <Icon name={icon} size={17} />
      <span className={narrow ? 'only-spoken' : undefined}>{name}</span>
    </button>
  );
  return narrow ? <Tip text={name}>{button}</Tip> : button;
}

function Who() {
  const me = useMe().data;
  if (!me) return null;
  return (
    <span className={css.who}>
      <b>{me.name}</b>
      {roleName(me.role)}
      {me.labels.length > 0 && ` · ${me.labels.join(', ')}`}
      {me.readOnly && ` · ${t('shell.readOnly')}`}
      {me.accountName && ` · ${me.accountName}`}
    </span>
  );
}

export function Navigation({ open, openPalette }: { open: boolean; openPalette: () => void }) {
  const { pathname } = useLocation();
  const { narrow } = useSettings();
  return (
    <nav className={`${css.nav} ${open ? css.open : ''}`} aria-label={t('shell.nav')}>
      <Link to="/" className={css.brand} aria-label="Downbeat">
        <img src={`${import.meta.env.BASE_URL}mark.svg`} alt="" />
        <span>Downbeat</span>
      </Link>
      <ul className={css.links}>
        <li>
          <Press icon="search" name={t('shell.search')} run={openPalette} />
        </li>
        {NAV.map((item) => (
          <Item key={item.to} item={item} path={pathname} />
        ))}
      </ul>
      <div className={css.foot}>
        <ul>
          <Item item={SETTINGS} path={pathname} />
          <li>
            <Press icon="signout" name={t('shell.signOut')} run={() => void leave()} />
          </li>
          <li>
            <Press className={css.fold} icon={narrow ? 'right' : 'left'} name={t(narrow ? 'shell.wide' : 'shell.narrow')} run={() => change({ narrow: !narrow })} />
          </li>
        </ul>
        <Who />
      </div>
    </nav>
  );
}
