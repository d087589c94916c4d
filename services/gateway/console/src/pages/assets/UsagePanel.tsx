/** Who uses an asset: tasks that read it, assets that are made of it, people who see it. */
import { Link } from 'react-router';
import type { Usage } from '../../api/assets';
import { named, t } from '../../i18n';
import { Card } from '../../parts/Page';
import { Answer, Empty, type Asked } from '../../parts/states';
import { Table } from '../../parts/Table';
import { Time } from '../../parts/Time';
import { numberText } from '../../parts/values';
import { pipelinePage, runPage } from './address';

export function UsagePanel({ usage }: { usage: Asked<Usage> }) {
  return (
    <Answer of={usage} lines={5}>
      {({ consumers }) => (
        <Card flush title={t('assets.readers')} count={consumers.length}>
          <Table
            label={t('assets.readers')}
            rows={consumers}
            id={(one) => `${one.kind}/${one.pipelineId}/${one.name}`}
            sort="readers"
            columns={[
              { id: 'name', name: t('assets.name'), by: (one) => one.name, cell: (one) => (one.pipelineId ? <><Link to={pipelinePage(one.pipelineId)}>{one.pipelineAlias || one.pipelineId}</Link> / {one.name}</> : one.name) },
              { id: 'kind', name: t('assets.kind'), tight: true, wide: true, by: (one) => one.kind, cell: (one) => named('assets.kind', one.kind) },
              { id: 'uses', name: t('assets.uses'), number: true, by: (one) => one.uses, cell: (one) => numberText(one.uses) },
              { id: 'first', name: t('assets.usage.first'), tight: true, wide: true, by: (one) => one.firstUsedAt ?? undefined, cell: (one) => <Time at={one.firstUsedAt} /> },
              { id: 'last', name: t('assets.usage.last'), tight: true, by: (one) => one.lastUsedAt ?? undefined, cell: (one) => (one.pipelineId && one.lastRunId ? <Link to={runPage(one.lastRunId)}><Time at={one.lastUsedAt} /></Link> : <Time at={one.lastUsedAt} />) },
            ]}
            empty={<Empty tight title={t('assets.usage.none')}>{t('assets.usage.none.more')}</Empty>}
          />
        </Card>
      )}
    </Answer>
  );
}
