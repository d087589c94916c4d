/** What two runs did differently: assets and edges that came or went, rows, columns, tests. */
import { useMemo } from 'react';
import { useQuery } from '@tanstack/react-query';
import { Link } from 'react-router';
import { get, seg } from '../../api/client';
import { useDifference, type AssetChange, type Difference, type LineageAsset } from '../../api/lineage';
import { runsQuery, usePipelines, type PipelineRun } from '../../api/pipelines';
import { Graph } from '../../graph/Graph';
import type { GraphEdge, GraphNode } from '../../graph/types';
import { named, t } from '../../i18n';
import { Select } from '../../parts/Field';
import { Card } from '../../parts/Page';
import { Answer, Empty } from '../../parts/states';
import { Mark, Status } from '../../parts/Status';
import { Table } from '../../parts/Table';
import type { Tone } from '../../parts/status';
import { numberText, shortTime } from '../../parts/values';
import { runPage } from '../assets/address';
import { known } from '../assets/catalogue';
import { Changed } from '../assets/SchemaPanel';
import css from './Lineage.module.css';
import type { Put } from './Lineage';
import { SIZE, titleOf } from './model';
import type { Question } from './question';

type Fate = 'added' | 'removed' | 'changed' | 'same';
const TONES: Record<Fate, Tone> = { added: 'good', removed: 'bad', changed: 'warn', same: 'idle' };

interface RunLineage {
  assets: LineageAsset[];
  edges: { from: string; to: string }[];
}

/** What is shown: all of the later run, and what only the earlier one had. */
export function drawnOf(difference: Difference, after: RunLineage): { nodes: GraphNode<Fate>[]; edges: GraphEdge[] } {
  const fates = new Map<string, Fate>();
  for (const { asset } of after.assets) if (asset) fates.set(asset.key, 'same');
  for (const one of difference.changed) fates.set(one.key, 'changed');
  for (const key of difference.assetsAdded) fates.set(key, 'added');
  for (const key of difference.assetsRemoved) fates.set(key, 'removed');
  const edges = new Map<string, GraphEdge>();
  const put = (from: string, to: string, soft: boolean) => {
    if (from === to || !from || !to) return;
    for (const key of [from, to]) if (!fates.has(key)) fates.set(key, 'same');
    edges.set(`${from}\n${to}`, { id: `${from}\n${to}`, from, to, soft });
  };
  for (const edge of after.edges) put(edge.from, edge.to, false);
  for (const edge of difference.edgesRemoved) if (!edges.has(`${edge.from}\n${edge.to}`)) put(edge.from, edge.to, true);
  const nodes = [...fates].map(([key, fate]): GraphNode<Fate> => ({ id: key, label: titleOf(key, undefined), tone: TONES[fate], words: t(`lineage.fate.${fate}`), width: SIZE.width, height: 48, data: fate }));
  return { nodes, edges: [...edges.values()] };
}

export function RunsView({ of, set }: { of: Question; set: Put }) {
  const pipelines = usePipelines().data ?? [];
  const difference = useDifference(of.before, of.after);
  const pipeline = difference.data?.after?.pipelineId || of.asset || pipelines[0]?.id || '';
  const runs = useQuery({ ...runsQuery({ pipelineIds: pipeline ? [pipeline] : [], size: 50 }), enabled: pipeline !== '' }).data?.results ?? [];
  const choices = (chosen: string) => [
    { value: '', name: t('lineage.runs.choose') },
    ...(chosen && !runs.some((run) => run.id === chosen) ? [{ value: chosen, name: chosen.slice(0, 8) }] : []),
    ...runs.map((run: PipelineRun) => ({ value: run.id, name: `${shortTime(run.createdAt)} · ${named('parts.status', run.runStatus)} · v${run.pipelineVersionNumber}` })),
  ];
  return (
    <>
      <div className={css.bar}>
        <Select aria-label={t('assets.pipeline')} value={pipeline} choices={pipelines.map((one) => ({ value: one.id, name: one.alias }))} choose={(id) => set({ asset: id, before: '', after: '' })} />
        <Select aria-label={t('lineage.runs.before')} value={of.before} choices={choices(of.before)} choose={(before) => set({ asset: pipeline, before })} />
        <span>→</span>
        <Select aria-label={t('lineage.runs.after')} value={of.after} choices={choices(of.after)} choose={(after) => set({ asset: pipeline, after })} />
      </div>
      {of.before === '' || of.after === '' ? (
        <Card>
          <Empty icon="runs" title={t('lineage.runs.two')}>{t('lineage.runs.two.more')}</Empty>
        </Card>
      ) : (
        <Answer of={difference} lines={6}>
          {(found) => <Shown of={found} set={set} />}
        </Answer>
      )}
    </>
  );
}

function Shown({ of, set }: { of: Difference; set: Put }) {
  const id = of.after?.id ?? '';
  const lineage = useQuery({ queryKey: ['run', id, 'lineage'], queryFn: ({ signal }) => get<RunLineage>(`/pipeline_runs/${seg(id)}/lineage`, {}, signal), enabled: id !== '' });
  const drawn = useMemo(() => drawnOf(of, lineage.data ?? { assets: [], edges: [] }), [of, lineage.data]);
  const nothing = of.assetsAdded.length + of.assetsRemoved.length + of.edgesAdded.length + of.edgesRemoved.length + of.changed.length === 0;
  const count = (before: number, after: number) => {
    const [a, b] = [known(before), known(after)];
    return a === undefined && b === undefined ? '–' : `${a === undefined ? '–' : numberText(a)} → ${b === undefined ? '–' : numberText(b)}`;
  };
  return (
    <>
      <p className={css.row}>
        {[of.before, of.after].map((run, at) => run && (
          <span key={at} className={css.row}>
            {at === 1 && <span>→</span>}
            <Status of={run.status} /> <Link to={runPage(run.id)}>{run.pipelineAlias} v{run.pipelineVersion}, {shortTime(run.createdAt)}</Link>
          </span>
        ))}
      </p>
      {nothing && <Card><Empty tight icon="check" title={t('lineage.runs.same')} /></Card>}
      <div className={css.area}>
        <Graph<Fate>
          label={t('lineage.mode.runs')}
          nodes={drawn.nodes}
          edges={drawn.edges}
          onSelect={(key) => key && set({ mode: '', asset: key, before: '', after: '' }, true)}
          renderNode={(node) => (
            <div className={css.node} data-tone={node.tone} title={node.id}>
              <span className={css.title}>{node.label}</span>
              <span className={css.where}>{node.words}</span>
            </div>
          )}
          empty={<Empty icon="lineage" title={t('lineage.none')} />}
        />
      </div>
      {of.changed.length > 0 && (
        <Card flush title={t('lineage.runs.changed')} count={of.changed.length}>
          <Table<AssetChange>
            label={t('lineage.runs.changed')}
            rows={of.changed}
            id={(one) => one.key}
            columns={[
              { id: 'key', name: t('assets.one'), cell: (one) => <span className={css.two}><b>{titleOf(one.key, undefined)}</b><small>{one.key}</small></span> },
              { id: 'wrote', name: t('lineage.runs.wrote'), number: true, cell: (one) => count(one.rowsAffectedBefore, one.rowsAffectedAfter) },
              { id: 'rows', name: t('assets.rows'), number: true, wide: true, cell: (one) => count(one.rowCountBefore, one.rowCountAfter) },
              { id: 'columns', name: t('assets.columns'), wide: true, cell: (one) => (one.columns.length > 0 ? <span className={css.list}>{one.columns.map((column) => <Changed key={column.name} of={column} />)}</span> : '–') },
              { id: 'tests', name: t('assets.tests'), cell: (one) => (one.tests.length > 0 ? <span className={css.list}>{one.tests.map((test) => <span key={`${test.name}/${test.column}`}><Mark tone={test.statusAfter === 'FAILED' ? 'bad' : 'idle'}>{`${test.name}: ${named('parts.status', test.statusBefore || 'NONE')} → ${named('parts.status', test.statusAfter || 'NONE')}`}</Mark></span>)}</span> : '–') },
            ]}
          />
        </Card>
      )}
    </>
  );
}
