/** An asset, or a column of one, as it stands in the graph: how good it is, its tests, and more beyond it. */
import type { GraphNode } from '../../graph/types';
import { t } from '../../i18n';
import { Icon } from '../../parts/Icon';
import { numberText } from '../../parts/values';
import css from './Lineage.module.css';
import { testsOf, type NodeData } from './model';

export function AssetNode({ of, selected, focus, open }: { of: GraphNode<NodeData>; selected: boolean; focus: boolean; open?: (key: string) => void }) {
  const { node, column } = of.data;
  if (of.group !== undefined) {
    return (
      <div className={`${css.column} ${selected ? css.selected : ''}`} data-tone={of.tone} title={column ? `${node.key} · ${column}` : node.key}>
        {column ? <code>{column}</code> : <span>{of.label}</span>}
        {of.tone === 'bad' && <Icon name="cross" size={12} />}
        {of.tone === 'warn' && <Icon name="warning" size={12} />}
      </div>
    );
  }
  const tests = testsOf(node);
  const rows = node.asset?.asset?.rowCount ?? -1;
  const wrote = node.asset?.rowsAffected ?? -1;
  const count = rows >= 0 ? rows : wrote;
  return (
    <div className={`${css.node} ${selected ? css.selected : ''} ${focus ? css.focus : ''}`} data-tone={of.tone} title={`${node.key}\n${of.words}`}>
      <span className={css.title}>{of.label}</span>
      <span className={css.place}>
        {tests.bad > 0 && <Badge tone="bad" icon="cross" count={tests.bad} said={t('lineage.tests.bad', { count: tests.bad })} />}
        {tests.warn > 0 && <Badge tone="warn" icon="warning" count={tests.warn} said={t('lineage.tests.warn', { count: tests.warn })} />}
        {tests.good > 0 && <Badge tone="good" icon="check" count={tests.good} said={t('lineage.tests.good', { count: tests.good })} />}
        <span className={css.where}>{count >= 0 ? t('lineage.rows', { count: numberText(count) }) : (node.asset?.asset?.namespace ?? '')}</span>
      </span>
      {node.more && open && (
        // Not a button: the node is one, and may hold none. By keys the same is in the panel beside the graph.
        <span
          className={`${css.more} nodrag nopan`}
          data-more={node.key}
          aria-hidden="true"
          title={t('lineage.open', { asset: of.label })}
          onClick={(event) => {
            event.stopPropagation();
            open(node.key);
          }}
        >
          <Icon name="plus" size={12} />
        </span>
      )}
    </div>
  );
}

function Badge({ tone, icon, count, said }: { tone: 'good' | 'warn' | 'bad'; icon: 'check' | 'cross' | 'warning'; count: number; said: string }) {
  return (
    <span className={css.badge} data-tone={tone} title={said}>
      <Icon name={icon} size={11} />
      {count}
      <span className="only-spoken">{said}</span>
    </span>
  );
}
