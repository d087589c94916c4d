/** The pages of this area, and what it adds to the palette. */
import type { Area } from '../../app/area';
import { t } from '../../i18n';
import { TEMPLATES } from './templates';

const load = () => import('./Builder').then((page) => ({ default: page.Builder }));

export const area: Area = {
  id: 'builder',
  routes: [
    { path: '/builder/:alias?', load },
    { path: '/pipelines/:alias/edit', load },
  ],
  commands: () => [
    { id: 'builder', name: t('builder.title'), group: t('shell.palette.pages'), icon: 'edit', to: '/builder' },
    ...TEMPLATES.map(({ id }) => ({
      id: `builder.new.${id}`,
      name: t('builder.start.newOf', { template: t(`builder.template.${id}`) }),
      group: t('builder.title'),
      icon: 'plus' as const,
      to: `/builder?new=${id}`,
    })),
  ],
};
