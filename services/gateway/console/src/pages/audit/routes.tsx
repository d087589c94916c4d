/** The pages of this area, and what it adds to the palette. */
import type { Area } from '../../app/area';
import { t } from '../../i18n';

export const area: Area = {
  id: 'audit',
  routes: [
    { path: '/audit', load: () => import('./Audit').then((page) => ({ default: page.Audit })) },
  ],
  commands: () => [{ id: 'audit', name: t('shell.nav.audit'), group: t('shell.palette.pages'), icon: 'audit', to: '/audit' }],
};
