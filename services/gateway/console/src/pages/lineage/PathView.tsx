/** A way from one asset to another, step by step, and which tasks say so. */
import { useMemo } from 'react';
import { Link } from 'react-router';
import { usePath, type LineageNode } from '../../api/lineage';
import { useCatalogue } from '../../api/assets';
import { Graph } from '../../graph/Graph';
import { named, t } from '../../i18n';
import { Button } from '../../parts/Button';
import { Card } from '../../parts/Page';
import { Answer, Empty } from '../../parts/states';
import { Table } from '../../parts/Table';
import { Time } from '../../parts/Time';
import { pipelinePage } from '../assets/address';
import { Past } from './Around';
import { AssetNode } from './AssetNode';
import css from './Lineage.module.css';
import type { Put } from './Lineage';
import { tables, titleOf } from './model';
import { Picker } from './Picker';
import type { Question } from './question';

export function PathView({ of, set }: { of: Question; set: Put }) {
  const path = usePath(of.asset, of.to, of.at);
  const assets = useCatalogue().data?.assets;
  const drawn = useMemo(() => {
    const edges = path.data?.edges ?? [];
    const known = new Map((assets ?? []).map((asset) => [asset.externalId, asset]));
    const nodes = [...new Set(edges.flatMap((edge) => [edge.from, edge.to]))].map((key): LineageNode => {
      const asset = known.get(key);
      return {
        key, distance: 0, columns: [], writers: [], more: false,
        asset: asset ? { id: asset.assetId, status: asset.status, tests: asset.tests, rowsAffected: asset.rowsAffected ?? -1, materialisedAt: asset.lastMaterialisedAt, updatedAt: asset.updatedAt, asset: { key, name: asset.assetName, type: asset.assetType, namespace: '', rowCount: asset.rowCount ?? -1, integration: asset.integration, columns: asset.columns, owners: asset.owners, tags: asset.tags, link: '' } } : null,
      };
    });
    return tables({ nodes, edges, truncated: false });
  }, [path.data, assets]);
  return (
    <>
      <div className={css.bar}>
        <Picker value={of.asset} label={t('lineage.path.from')} choose={(asset) => set({ asset })} />
        <Button icon="right" label={t('lineage.path.turn')} denied={of.to ? undefined : t('lineage.path.missing')} onClick={() => set({ asset: of.to, to: of.asset })} />
        <Picker value={of.to} label={t('lineage.path.to')} choose={(to) => set({ to })} />
        <Past of={of} set={set} />
      </div>
      {of.to === '' ? (
        <Card>
          <Empty icon="lineage" title={t('lineage.path.choose')} />
        </Card>
      ) : (
        <Answer of={path} lines={5}>
          {({ edges, reversed }) =>
            edges.length === 0 ? (
              <Card>
                <Empty icon="lineage" title={t('lineage.path.none')}>{t('lineage.path.none.more')}</Empty>
              </Card>
            ) : (
              <>
                {reversed && <p className={css.note}>{t('lineage.path.reversed')}</p>}
                <div className={css.area}>
                  <Graph label={t('lineage.mode.path')} nodes={drawn.nodes} edges={drawn.edges} renderNode={(node, selected) => <AssetNode of={node} selected={selected} focus={node.id === of.asset || node.id === of.to} />} onSelect={(id) => id && set({ mode: '', asset: id, to: '' }, true)} />
                </div>
                <Card flush title={t('lineage.path.steps')} count={edges.length}>
                  <Table
                    label={t('lineage.path.steps')}
                    rows={edges}
                    id={(edge) => `${edge.from}/${edge.to}`}
                    columns={[
                      { id: 'from', name: t('lineage.path.from'), cell: (edge) => titleOf(edge.from, undefined) },
                      { id: 'to', name: t('lineage.path.to'), cell: (edge) => titleOf(edge.to, undefined) },
                      { id: 'kind', name: t('lineage.kind'), tight: true, wide: true, cell: (edge) => named('lineage.kind', edge.kind) },
                      { id: 'by', name: t('lineage.said'), cell: (edge) => edge.sources.slice(0, 3).map((source) => <span key={`${source.pipelineId}/${source.task}`} className={css.said}>{source.pipelineId ? <Link to={pipelinePage(source.pipelineId)}>{source.pipelineAlias}</Link> : source.declaredBy || t('assets.outside')} / {source.task}</span>) },
                      { id: 'since', name: t('lineage.since'), tight: true, wide: true, cell: (edge) => <Time at={edge.sources[0]?.since} /> },
                    ]}
                  />
                </Card>
              </>
            )
          }
        </Answer>
      )}
    </>
  );
}
