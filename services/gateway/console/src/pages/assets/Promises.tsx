/** What pipelines promise about the age of an asset, how that stands, and when it was broken. */
import { useQueries } from '@tanstack/react-query';
import { Link } from 'react-router';
import type { AssetDetail } from '../../api/assets';
import { get, seg } from '../../api/client';
import { usePipelines } from '../../api/pipelines';
import { useRows } from '../../api/rows';
import { t } from '../../i18n';
import { Card } from '../../parts/Page';
import { Empty } from '../../parts/states';
import { Mark } from '../../parts/Status';
import { Time } from '../../parts/Time';
import { durationText } from '../../parts/values';
import { pipelinePage } from './address';
import css from './assets.module.css';

interface Rule {
  name: string;
  asset: string;
  maxAgeMs: number;
  breachedAt: string | null;
  dueAt: string | null;
}
interface Breach {
  pipelineId: string;
  kind: string;
  name: string;
  asset: string;
  startedAt: string;
  endedAt: string | null;
}

/** Each pipeline is asked for its promises; of very many only the first ones. */
const MOST = 60;

export function Promises({ asset }: { asset: AssetDetail }) {
  const names = usePipelines().data ?? [];
  const asked = useQueries({
    queries: names.slice(0, MOST).map(({ id }) => ({
      queryKey: ['health', id],
      queryFn: ({ signal }: { signal: AbortSignal }) => get<{ freshness: Rule[] }>(`/pipelines/${seg(id)}/health`, {}, signal),
      staleTime: 60_000,
    })),
  });
  const breaches = useRows<Breach>('/quality/breaches', 'breaches', {}, { size: 200 }).data?.rows ?? [];
  const rules = asked.flatMap((one, at) => (one.data?.freshness ?? []).filter((rule) => rule.asset === asset.externalId).map((rule) => ({ ...rule, pipeline: names[at]! })));
  const past = breaches.filter((breach) => breach.asset === asset.externalId && breach.endedAt);
  return (
    <Card title={t('assets.promises')}>
      {rules.length === 0 ? (
        <Empty tight title={t('assets.promises.none')}>{t('assets.promises.none.more')}</Empty>
      ) : (
        <ul className={css.changes}>
          {rules.map((rule) => (
            <li key={`${rule.pipeline.id}/${rule.name}`}>
              <Mark tone={rule.breachedAt ? 'bad' : 'good'} icon={rule.breachedAt ? 'warning' : 'check'}>
                {t(rule.breachedAt ? 'assets.promises.broken' : 'assets.promises.kept')}
              </Mark>{' '}
              {t('assets.promises.age', { age: durationText(rule.maxAgeMs) })} ·{' '}
              <Link to={pipelinePage(rule.pipeline.id)}>{rule.pipeline.alias}</Link>{' '}
              <span className={css.faint}>
                <Time at={rule.breachedAt ?? rule.dueAt} />
              </span>
            </li>
          ))}
        </ul>
      )}
      {past.length > 0 && <p className={css.faint}>{t('assets.promises.past', { count: past.length })}</p>}
    </Card>
  );
}
