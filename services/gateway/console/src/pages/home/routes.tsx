/** The pages of this area, and what it adds to the palette. */
import type { Area } from '../../app/area';
import { t } from '../../i18n';

export const area: Area = {
  id: 'home',
  routes: [
    { path: '/', load: () => import('./Home').then((page) => ({ default: page.Home })) },
  ],
  commands: () => [{ id: 'home', name: t('shell.nav.home'), group: t('shell.palette.pages'), icon: 'home', to: '/' }],
};
