/** The pages of this area, and what it adds to the palette. */
import type { Area } from '../../app/area';
import { t, type Key } from '../../i18n';
import type { IconName } from '../../parts/Icon';

export const PLACES: { id: string; name: Key; icon: IconName }[] = [
  { id: 'connections', name: 'shell.nav.connections', icon: 'connections' },
  { id: 'environments', name: 'shell.nav.environments', icon: 'environments' },
  { id: 'members', name: 'shell.nav.members', icon: 'user' },
  { id: 'keys', name: 'shell.nav.keys', icon: 'key' },
  { id: 'integrations', name: 'shell.nav.integrations', icon: 'integrations' },
  { id: 'backfills', name: 'shell.nav.backfills', icon: 'backfills' },
  { id: 'schedules', name: 'shell.nav.schedules', icon: 'schedules' },
  { id: 'alerts', name: 'shell.nav.alerts', icon: 'alerts' },
  { id: 'pools', name: 'shell.nav.pools', icon: 'list' },
  { id: 'webhooks', name: 'shell.nav.webhooks', icon: 'link' },
  { id: 'costs', name: 'shell.nav.costs', icon: 'costs' },
];

export const area: Area = {
  id: 'operate',
  routes: [
    { path: '/operate', load: () => import('./Operate').then((page) => ({ default: page.Operate })) },
    { path: '/operate/connections', load: () => import('./connections/Connections').then((page) => ({ default: page.Connections })) },
    { path: '/operate/environments', load: () => import('./environments/Environments').then((page) => ({ default: page.Environments })) },
    { path: '/operate/members', load: () => import('./members/Members').then((page) => ({ default: page.Members })) },
    { path: '/operate/keys', load: () => import('./keys/Keys').then((page) => ({ default: page.Keys })) },
    { path: '/operate/integrations', load: () => import('./Integrations').then((page) => ({ default: page.Integrations })) },
    { path: '/operate/backfills', load: () => import('./backfills/Backfills').then((page) => ({ default: page.Backfills })) },
    { path: '/operate/backfills/:id', load: () => import('./backfills/Backfill').then((page) => ({ default: page.BackfillPage })) },
    { path: '/operate/schedules', load: () => import('./schedules/Schedules').then((page) => ({ default: page.Schedules })) },
    { path: '/operate/alerts', load: () => import('./Alerts').then((page) => ({ default: page.Alerts })) },
    { path: '/operate/pools', load: () => import('./Pools').then((page) => ({ default: page.Pools })) },
    { path: '/operate/webhooks', load: () => import('./Webhooks').then((page) => ({ default: page.Webhooks })) },
    { path: '/operate/costs', load: () => import('./costs/Costs').then((page) => ({ default: page.Costs })) },
  ],
  commands: () => [
    { id: 'operate', name: t('shell.nav.operate'), group: t('shell.palette.pages'), icon: 'operate', to: '/operate' },
    ...PLACES.map(({ id, name, icon }) => ({ id: `operate-${id}`, name: t(name), group: t('shell.palette.pages'), icon, to: `/operate/${id}` })),
  ],
};
