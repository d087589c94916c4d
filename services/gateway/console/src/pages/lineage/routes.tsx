/** The pages of this area, and what it adds to the palette. */
import type { Area } from '../../app/area';
import { t } from '../../i18n';

export const area: Area = {
  id: 'lineage',
  routes: [
    { path: '/lineage', load: () => import('./Lineage').then((page) => ({ default: page.Lineage })) },
  ],
  commands: () => [{ id: 'lineage', name: t('shell.nav.lineage'), group: t('shell.palette.pages'), icon: 'lineage', to: '/lineage' }],
};
