/** The pages of this area, and what it adds to the palette. */
import type { Area } from '../../app/area';
import { t } from '../../i18n';

export const area: Area = {
  id: 'operate',
  routes: [
    { path: '/operate', load: () => import('./Operate').then((page) => ({ default: page.Operate })) },
  ],
  commands: () => [{ id: 'operate', name: t('shell.nav.operate'), group: t('shell.palette.pages'), icon: 'operate', to: '/operate' }],
};
