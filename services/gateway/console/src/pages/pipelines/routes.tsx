/** The pages of this area, and what it adds to the palette: its list, and every pipeline by name. */
import type { Area, Command } from '../../app/area';
import { queries } from '../../api/query';
import { get } from '../../api/client';
import { fit } from '../../app/commands';
import type { Pipeline } from '../../api/pipelines';
import { t } from '../../i18n';

const FOUND = 8;

async function find(text: string, signal: AbortSignal): Promise<Command[]> {
  const all = await queries.ensureQueryData({ queryKey: ['pipelines'], queryFn: () => get<Pipeline[]>('/pipelines', {}, signal) });
  return all
    .flatMap((one) => {
      const rank = Math.max(fit(text, one.name) ?? -1, fit(text, one.alias) ?? -1);
      return rank < 0 ? [] : [{ one, rank }];
    })
    .sort((a, b) => b.rank - a.rank)
    .slice(0, FOUND)
    .map(({ one }) => ({ id: one.id, name: one.name, group: t('shell.nav.pipelines'), icon: 'pipelines', to: `/pipelines/${one.id}` }));
}

export const area: Area = {
  id: 'pipelines',
  routes: [
    { path: '/pipelines', load: () => import('./Pipelines').then((page) => ({ default: page.Pipelines })) },
    { path: '/pipelines/:id', load: () => import('./Pipeline').then((page) => ({ default: page.Pipeline })) },
  ],
  commands: () => [
    { id: 'pipelines', name: t('shell.nav.pipelines'), group: t('shell.palette.pages'), icon: 'pipelines', to: '/pipelines' },
    { id: 'failing', name: t('pipelines.failing'), group: t('shell.palette.pages'), icon: 'warning', to: '/pipelines?state=failing' },
  ],
  find,
};
