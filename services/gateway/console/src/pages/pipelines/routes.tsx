/** The pages of this area, and what it adds to the palette. */
import type { Area } from '../../app/area';
import { t } from '../../i18n';

export const area: Area = {
  id: 'pipelines',
  routes: [
    { path: '/pipelines', load: () => import('./Pipelines').then((page) => ({ default: page.Pipelines })) },
    { path: '/pipelines/:id', load: () => import('./Pipeline').then((page) => ({ default: page.Pipeline })) },
  ],
  commands: () => [{ id: 'pipelines', name: t('shell.nav.pipelines'), group: t('shell.palette.pages'), icon: 'pipelines', to: '/pipelines' }],
};
