/** The pages of this area, and what it adds to the palette. */
import type { Area } from '../../app/area';
import { t } from '../../i18n';

export const area: Area = {
  id: 'assets',
  routes: [
    { path: '/assets', load: () => import('./Assets').then((page) => ({ default: page.Assets })) },
    { path: '/assets/:id', load: () => import('./Asset').then((page) => ({ default: page.Asset })) },
  ],
  commands: () => [{ id: 'assets', name: t('shell.nav.assets'), group: t('shell.palette.pages'), icon: 'assets', to: '/assets' }],
};
