/** What stands in the navigation, and the keys that lead there. */
import type { Role } from '../api/me';
import type { Key } from '../i18n';
import type { IconName } from '../parts/Icon';

export interface NavItem {
  to: string;
  name: Key;
  icon: IconName;
  /** The letter after `g`. */
  key?: string;
  items?: NavItem[];
  /** Another place that belongs to it. */
  also?: string;
  /** Who sees nothing there is not led there. */
  role?: Role;
}

export const NAV: NavItem[] = [
  { to: '/', name: 'shell.nav.home', icon: 'home', key: 'h' },
  { to: '/pipelines', name: 'shell.nav.pipelines', icon: 'pipelines', key: 'p', also: '/builder' },
  { to: '/runs', name: 'shell.nav.runs', icon: 'runs', key: 'r' },
  { to: '/assets', name: 'shell.nav.assets', icon: 'assets', key: 'a' },
  { to: '/lineage', name: 'shell.nav.lineage', icon: 'lineage', key: 'l' },
  {
    to: '/operate',
    name: 'shell.nav.operate',
    icon: 'operate',
    key: 'o',
    items: [
      { to: '/operate/connections', name: 'shell.nav.connections', icon: 'connections' },
      { to: '/operate/environments', name: 'shell.nav.environments', icon: 'environments' },
      { to: '/operate/members', name: 'shell.nav.members', icon: 'user', role: 'ADMIN' },
      { to: '/operate/keys', name: 'shell.nav.keys', icon: 'key', role: 'ADMIN' },
      { to: '/operate/integrations', name: 'shell.nav.integrations', icon: 'integrations' },
      { to: '/operate/backfills', name: 'shell.nav.backfills', icon: 'backfills' },
      { to: '/operate/schedules', name: 'shell.nav.schedules', icon: 'schedules' },
      { to: '/operate/alerts', name: 'shell.nav.alerts', icon: 'alerts' },
      { to: '/operate/pools', name: 'shell.nav.pools', icon: 'list' },
      { to: '/operate/webhooks', name: 'shell.nav.webhooks', icon: 'link' },
      { to: '/operate/costs', name: 'shell.nav.costs', icon: 'costs' },
      { to: '/audit', name: 'shell.nav.audit', icon: 'audit', role: 'ADMIN' },
    ],
  },
];

export const SETTINGS: NavItem = { to: '/settings', name: 'shell.nav.settings', icon: 'settings', key: 's' };
