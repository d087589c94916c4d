/** The pages of this area, and what it adds to the palette. */
import type { Area } from '../../app/area';
import { t } from '../../i18n';

export const area: Area = {
  id: 'run',
  routes: [
    { path: '/runs', load: () => import('./Runs').then((page) => ({ default: page.Runs })) },
    { path: '/runs/:id', load: () => import('./Run').then((page) => ({ default: page.Run })) },
  ],
  commands: () => [{ id: 'run', name: t('shell.nav.runs'), group: t('shell.palette.pages'), icon: 'runs', to: '/runs' }],
};
