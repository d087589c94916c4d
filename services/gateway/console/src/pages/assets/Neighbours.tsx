/** The asset between what it is made of and what is made of it, one step each way. The whole graph has its own page. */
import { Link } from 'react-router';
import { useLineage, type LineageNode } from '../../api/lineage';
import type { AssetDetail } from '../../api/assets';
import { t } from '../../i18n';
import { Icon } from '../../parts/Icon';
import { Answer } from '../../parts/states';
import { assetPage, lineagePage } from './address';
import { titleOf } from './catalogue';
import css from './assets.module.css';

const MOST = 8;
export const assetTone = (status: string | undefined): string => ({ HEALTHY: 'good', WARNING: 'warn', UNHEALTHY: 'bad' })[status ?? ''] ?? 'idle';

function Side({ title, nodes, here }: { title: string; nodes: LineageNode[]; here: string }) {
  return (
    <div>
      <h3>{title}</h3>
      <ul>
        {nodes.slice(0, MOST).map((node) => (
          <li key={node.key}>
            <Link className={css.node} data-tone={assetTone(node.asset?.status)} to={node.asset?.id ? assetPage(node.asset.id) : lineagePage(node.key)} title={node.key}>
              {titleOf(node.key, node.asset?.asset?.name)}
            </Link>
          </li>
        ))}
        {nodes.length === 0 && <li className={css.faint}>{t('assets.neighbours.none')}</li>}
        {nodes.length > MOST && (
          <li>
            <Link to={lineagePage(here)}>{t('parts.more', { count: nodes.length - MOST })}</Link>
          </li>
        )}
      </ul>
    </div>
  );
}

export function Neighbours({ asset }: { asset: AssetDetail }) {
  const key = asset.externalId;
  const lineage = useLineage({ asset: key, direction: 'BOTH', depth: 1, column: '', at: '' });
  return (
    <Answer of={lineage} tight>
      {({ nodes, edges }) => {
        const of = (keys: string[]) => nodes.filter((node) => keys.includes(node.key));
        return (
          <div className={css.neighbours}>
            <Side title={t('assets.madeOf')} nodes={of(edges.filter((edge) => edge.to === key).map((edge) => edge.from))} here={key} />
            <Icon name="right" />
            <span className={`${css.node} ${css.here}`} title={key}>{titleOf(asset.externalId, asset.assetName)}</span>
            <Icon name="right" />
            <Side title={t('assets.madeInto')} nodes={of(edges.filter((edge) => edge.from === key).map((edge) => edge.to))} here={key} />
          </div>
        );
      }}
    </Answer>
  );
}
