/** What breaks if an asset, or a column of it, goes or changes: assets, people who see it, tasks, owners. */
import { useMemo } from 'react';
import { Link } from 'react-router';
import { useImpact, useLineage } from '../../api/lineage';
import { Graph } from '../../graph/Graph';
import { t } from '../../i18n';
import { Select } from '../../parts/Field';
import { Card, Tag } from '../../parts/Page';
import { Answer, Empty } from '../../parts/states';
import { pipelinePage } from '../assets/address';
import { Figures } from '../assets/Figures';
import { Past } from './Around';
import { AssetNode } from './AssetNode';
import css from './Lineage.module.css';
import type { Put } from './Lineage';
import { merged, tables, titleOf } from './model';
import { Picker } from './Picker';
import type { Question } from './question';
import { Side } from './Side';

export function ImpactView({ of, set }: { of: Question; set: Put }) {
  const impact = useImpact(of.asset, of.column, of.at, true);
  // The answer has assets and no edges: those are of the lineage, which knows the asset's columns as well.
  const lineage = useLineage({ asset: of.asset, direction: 'DOWNSTREAM', depth: 100, column: '', at: of.at });
  const key = impact.data?.asset || of.asset;
  const drawn = useMemo(() => {
    const hit = new Set([key, ...(impact.data?.affected ?? []).map((node) => node.key)]);
    const all = merged([...(lineage.data ? [lineage.data] : []), { nodes: impact.data?.affected ?? [], edges: [], truncated: false }]);
    return tables({ ...all, nodes: all.nodes.filter((node) => hit.has(node.key)).map((node) => ({ ...node, more: false })), edges: all.edges.filter((edge) => hit.has(edge.from) && hit.has(edge.to)) });
  }, [impact.data, lineage.data, key]);
  const columns = lineage.data?.nodes.find((node) => node.key === key)?.asset?.asset?.columns ?? [];
  const chosen = drawn.nodes.find((node) => node.id === of.node);
  return (
    <>
      <div className={css.bar}>
        <Picker value={of.asset} label={t('lineage.choose')} choose={(asset) => set({ asset, column: '', node: '' }, true)} />
        <Select aria-label={t('assets.column')} value={of.column} choices={[{ value: '', name: t('lineage.impact.whole') }, ...[...new Set([...columns.map((column) => column.name), of.column])].filter(Boolean).map((name) => ({ value: name, name }))]} choose={(column) => set({ column, node: '' })} />
        <Past of={of} set={set} />
      </div>
      <Answer of={impact} lines={6}>
        {(found) => (
          <>
            {found.truncated && <p className={css.note}>{t('lineage.truncated')}</p>}
            <Figures
              of={[
                { name: t('lineage.impact.assets'), value: found.affected.length },
                { name: t('lineage.impact.exposed'), value: found.exposed.length, more: found.exposed.slice(0, 3).map((one) => titleOf(one, undefined)).join(', ') || undefined },
                { name: t('lineage.impact.tasks'), value: found.tasks.length },
                { name: t('lineage.impact.owners'), value: found.owners.length, more: found.owners.slice(0, 3).join(', ') || undefined },
              ]}
            />
            {found.affected.length === 0 ? (
              <Card>
                <Empty icon="check" title={t('lineage.impact.none')}>{t('lineage.impact.none.more')}</Empty>
              </Card>
            ) : (
              <>
                <div className={css.area}>
                  <Graph
                    label={t('lineage.impact.of', { asset: of.asset })}
                    nodes={drawn.nodes}
                    edges={drawn.edges}
                    selected={of.node || undefined}
                    onSelect={(id) => set({ node: id ?? '' })}
                    renderNode={(node, selected) => <AssetNode of={node} selected={selected} focus={node.id === key} />}
                    columns={[
                      { id: 'away', name: t('lineage.away'), width: 90, cell: (node) => node.data.node.distance },
                      { id: 'owner', name: t('assets.owner'), width: 160, cell: (node) => node.data.node.asset?.asset?.owners.join(', ') || '–' },
                    ]}
                  />
                  {chosen && <Side of={chosen.data} question={of} set={set} edges={lineage.data?.edges ?? []} />}
                </div>
                <p className={css.note}>
                  {t('lineage.impact.tasks')}:{' '}
                  {found.tasks.slice(0, 20).map((task) => (
                    <span key={`${task.pipelineId}/${task.task}`}>
                      {task.pipelineId ? <Link to={pipelinePage(task.pipelineId)}><Tag>{`${task.pipelineAlias || task.pipelineId} / ${task.task}`}</Tag></Link> : <Tag>{task.task}</Tag>}{' '}
                    </span>
                  ))}
                </p>
              </>
            )}
          </>
        )}
      </Answer>
    </>
  );
}
