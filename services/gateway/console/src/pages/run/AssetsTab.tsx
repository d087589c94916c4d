/** What the run read and wrote: assets with their rows and tests, and how they came of each other. */
import { useMemo, useState } from 'react';
import { Link, useNavigate } from 'react-router';
import { useRunLineage, type RunAsset, type RunEdge } from '../../api/runs';
import { Graph } from '../../graph/Graph';
import type { GraphEdge, GraphNode } from '../../graph/types';
import { named, t } from '../../i18n';
import { Card } from '../../parts/Page';
import { Answer, Empty } from '../../parts/states';
import { Mark } from '../../parts/Status';
import { toneOf } from '../../parts/status';
import { Table, type Column } from '../../parts/Table';
import { numberText } from '../../parts/values';
import type { RunView } from './useRunView';
import css from './run.module.css';

export interface Part {
  key: string;
  asset?: RunAsset;
  reads: boolean;
  writes: boolean;
}

/** What was done with each asset: what an edge leaves was read, what it enters was written. */
export function partsOf(assets: readonly RunAsset[], edges: readonly RunEdge[]): Part[] {
  const parts = new Map<string, Part>();
  const of = (key: string) => {
    let part = parts.get(key);
    if (!part) parts.set(key, (part = { key, reads: false, writes: false }));
    return part;
  };
  for (const asset of assets) if (asset.asset?.key) of(asset.asset.key).asset = asset;
  for (const { from, to } of edges) {
    if (from) of(from).reads = true;
    if (to) of(to).writes = true;
  }
  return [...parts.values()];
}

/** Rows that the run wrote; undefined where nobody knows (-1). */
const rowsOf = (part: Part) => ((part.asset?.rowsAffected ?? -1) < 0 ? undefined : part.asset!.rowsAffected);

const nameOf = (part: Part) => part.asset?.asset?.name || part.key;

function Tests({ asset }: { asset?: RunAsset }) {
  const tests = asset?.tests ?? [];
  if (tests.length === 0) return <span aria-hidden="true">–</span>;
  const passed = tests.filter((test) => toneOf(test.status ?? '') === 'good').length;
  return (
    <Mark tone={passed === tests.length ? 'good' : 'bad'} icon={passed === tests.length ? 'check' : 'cross'}>
      {t('run.asset.passed', { passed, all: tests.length })}
    </Mark>
  );
}

const link = (part: Part) => `/assets/${encodeURIComponent(part.asset?.id || part.key)}`;

const columns = (): Column<Part>[] => [
  { id: 'name', name: t('run.asset'), by: nameOf, cell: (part) => <Link to={link(part)}>{nameOf(part)}</Link> },
  {
    id: 'use', name: t('run.asset.use'), tight: true,
    cell: (part) => [part.reads && t('run.asset.reads'), part.writes && t('run.asset.writes')].filter(Boolean).join(' · '),
  },
  { id: 'type', name: t('run.operation.type'), tight: true, wide: true, cell: (part) => part.asset?.asset?.type || '–' },
  { id: 'rows', name: t('run.asset.rows'), number: true, by: rowsOf, cell: (part) => { const rows = rowsOf(part); return rows === undefined ? '–' : numberText(rows); } },
  { id: 'tests', name: t('run.asset.tests'), tight: true, cell: (part) => <Tests asset={part.asset} /> },
];

export function AssetsTab({ view }: { view: RunView }) {
  const lineage = useRunLineage(view.run.id, view.version);
  return (
    <Answer of={lineage}>
      {({ assets = [], edges = [] }) =>
        assets.length === 0 && edges.length === 0 ? <Empty title={t('run.assets.none')}>{t('run.assets.none.more')}</Empty> : <Assets assets={assets} edges={edges} />
      }
    </Answer>
  );
}

function Assets({ assets, edges }: { assets: RunAsset[]; edges: RunEdge[] }) {
  const parts = useMemo(() => partsOf(assets, edges), [assets, edges]);
  const [selected, setSelected] = useState<string>();
  const navigate = useNavigate();
  const nodes = useMemo(
    () =>
      parts.map((part): GraphNode<Part> => {
        const bad = (part.asset?.tests ?? []).some((test) => toneOf(test.status ?? '') === 'bad');
        const words = [part.reads && t('run.asset.reads'), part.writes && t('run.asset.writes')].filter(Boolean).join(' · ');
        return { id: part.key, label: nameOf(part), tone: bad ? 'bad' : part.writes ? 'good' : 'idle', words: words || named('parts.status', part.asset?.status ?? ''), data: part };
      }),
    [parts],
  );
  const drawn = useMemo(
    () => edges.flatMap(({ from, to, operation = '' }): GraphEdge[] => (from && to ? [{ id: `${from}>${to} ${operation}`, from, to }] : [])),
    [edges],
  );
  return (
    <div className={css.stack}>
      {drawn.length > 0 && (
        <div className={css.lineage}>
          <Graph
            label={t('run.assets.graph')}
            nodes={nodes}
            edges={drawn}
            selected={selected}
            onSelect={(id) => (id !== undefined && id === selected ? void navigate(link(parts.find((part) => part.key === id)!)) : setSelected(id))}
            renderNode={(node) => (
              <div className={css.assetNode}>
                <span className={css.taskName} title={node.data.key}>
                  {node.label}
                </span>
                <span className={css.taskMore}>
                  {node.words}
                  {node.data.asset?.rowsAffected !== undefined && node.data.asset.rowsAffected > 0 && ` · ${numberText(node.data.asset.rowsAffected)}`}
                </span>
              </div>
            )}
          />
        </div>
      )}
      <Card title={t('shell.nav.assets')} count={parts.length} flush>
        <Table label={t('run.tab.assets')} rows={parts} columns={columns()} id={(part) => part.key} to={link} sort="assets" />
      </Card>
    </div>
  );
}
