/** The pages of this area, and what it adds to the palette. */
import type { Area } from '../../app/area';
import { t } from '../../i18n';

export const area: Area = {
  id: 'builder',
  routes: [
    { path: '/builder', load: () => import('./Builder').then((page) => ({ default: page.Builder })) },
    { path: '/pipelines/:id/edit', load: () => import('./Builder').then((page) => ({ default: page.Builder })) },
  ],
  commands: () => [{ id: 'builder', name: t('builder.title'), group: t('shell.palette.pages'), icon: 'edit', to: '/builder' }],
};
