/** The lineage around an asset: so many steps each way, further at nodes that were opened, of tables or of columns, now or then. */
import { useMemo } from 'react';
import { useQueries } from '@tanstack/react-query';
import { askLineage, useLineage } from '../../api/lineage';
import { zoneName } from '../../app/settings';
import { Graph } from '../../graph/Graph';
import { t } from '../../i18n';
import { Button } from '../../parts/Button';
import { Input, Select } from '../../parts/Field';
import { Answer, Empty } from '../../parts/states';
import { Choices } from '../../parts/Tabs';
import { shortTime } from '../../parts/values';
import { AssetNode } from './AssetNode';
import css from './Lineage.module.css';
import type { Put } from './Lineage';
import { alongColumn, columnId, columns, merged, reached, tables } from './model';
import { Picker } from './Picker';
import { DEPTHS, instantOf, USUAL, wallOf, type Question } from './question';
import { Side } from './Side';

export function Past({ of, set }: { of: Question; set: Put }) {
  const zone = zoneName();
  return (
    <span className={css.past}>
      <span className={css.note}>{t('lineage.asOf')}</span>
      <Input
        type="datetime-local"
        aria-label={t('lineage.at', { zone })}
        title={t('lineage.at', { zone })}
        value={of.at ? wallOf(of.at, zone) : ''}
        max={wallOf(new Date().toISOString(), zone)}
        onChange={(event) => set({ at: (event.target.value && instantOf(event.target.value, zone)) || '' })}
      />
      {of.at && <Button small kind="quiet" icon="close" label={t('lineage.now')} onClick={() => set({ at: '' })} />}
    </span>
  );
}

export function Around({ of, set }: { of: Question; set: Put }) {
  const shared = { asset: of.asset, column: of.column, at: of.at };
  const up = useLineage({ ...shared, direction: 'UPSTREAM', depth: of.up }, of.up > 0);
  const down = useLineage({ ...shared, direction: 'DOWNSTREAM', depth: Math.max(1, of.down) }, of.down > 0 || of.up === 0);
  const further = useQueries({
    queries: of.opened.map((asset) => {
      const question = { asset, direction: 'BOTH' as const, depth: 1, column: '', at: of.at };
      return { queryKey: ['lineage', question], queryFn: ({ signal }: { signal: AbortSignal }) => askLineage(question, signal), staleTime: 15_000 };
    }),
  });
  const stamp = further.map((one) => one.dataUpdatedAt).join();
  const lineage = useMemo(() => {
    const answers = [up.data, of.down > 0 || of.up === 0 ? down.data : undefined, ...further.map((one) => one.data)].filter((one) => one !== undefined);
    return merged(answers, new Set(of.opened));
  }, [up.data, down.data, stamp, of.opened.join('\n'), of.down, of.up]);
  const focus = lineage.nodes.find((node) => node.key === of.asset || node.key.endsWith(of.asset))?.key ?? of.asset;
  const drawn = useMemo(() => {
    if (!of.columns) return tables(lineage);
    const all = columns(lineage);
    return of.column ? alongColumn(all, columnId(focus, of.column)) : all;
  }, [lineage, of.columns, of.column, focus]);
  const lit = useMemo(() => {
    const at = of.node;
    if (!at || !drawn.nodes.some((node) => node.id === at)) return undefined;
    const way = reached(drawn.edges, at, ['up', 'down']);
    // Frames of what is lit are lit as well.
    for (const node of drawn.nodes) if (node.group && way.has(node.id)) way.add(node.group);
    return way;
  }, [drawn, of.node]);
  const main = of.up > 0 ? up : down;
  const chosen = drawn.nodes.find((node) => node.id === of.node);
  const depth = (name: 'up' | 'down') => (
    <Select
      aria-label={t(`lineage.${name}`)}
      value={String(of[name])}
      choices={DEPTHS.map((steps) => ({ value: String(steps), name: t(steps === 100 ? `lineage.${name}.all` : `lineage.${name}.steps`, { steps }) }))}
      choose={(value) => set({ [name]: value === String(USUAL) ? '' : value, open: [] })}
    />
  );
  return (
    <>
      <div className={css.bar}>
        <Picker value={of.asset} label={t('lineage.choose')} choose={(asset) => set({ asset, column: '', node: '', open: [] }, true)} />
        {depth('up')}
        {depth('down')}
        <Choices label={t('lineage.level')} value={of.columns ? 'columns' : 'tables'} choose={(value) => set({ level: value === 'columns' ? 'columns' : '', column: '', node: '' })} of={[{ value: 'tables', name: t('lineage.level.tables') }, { value: 'columns', name: t('lineage.level.columns') }]} />
        <Past of={of} set={set} />
      </div>
      {of.at && <p className={css.note}>{t('lineage.then', { at: shortTime(of.at) })}</p>}
      {of.column && (
        <p className={css.note}>
          {t('lineage.column.only', { column: of.column })} <Button small onClick={() => set({ column: '', level: 'columns' })}>{t('lineage.column.all')}</Button>
        </p>
      )}
      {lineage.truncated && <p className={css.note}>{t('lineage.truncated')}</p>}
      <Answer of={main} lines={6}>
        {() => (
          <div className={css.area}>
            <Graph
              label={t('lineage.of', { asset: of.asset })}
              nodes={drawn.nodes}
              edges={drawn.edges}
              groups={drawn.groups}
              selected={of.node || undefined}
              onSelect={(id) => set({ node: id ?? '' })}
              lit={lit}
              renderNode={(node, selected) => <AssetNode of={node} selected={selected} focus={node.id === focus} open={(key) => set({ open: [...of.opened, key] })} />}
              columns={[
                { id: 'tests', name: t('assets.tests'), width: 80, cell: (node) => node.data.node.asset?.tests.length || '–' },
                { id: 'owner', name: t('assets.owner'), width: 160, cell: (node) => node.data.node.asset?.asset?.owners.join(', ') || '–' },
                { id: 'key', name: t('lineage.key'), width: 340, cell: (node) => node.data.node.key },
              ]}
              empty={<Empty icon="lineage" title={t('lineage.none')}>{t('lineage.none.more')}</Empty>}
            />
            {chosen && <Side of={chosen.data} question={of} set={set} edges={lineage.edges} />}
          </div>
        )}
      </Answer>
    </>
  );
}
