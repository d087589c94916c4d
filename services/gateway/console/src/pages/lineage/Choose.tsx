/** Where no asset is chosen yet: to choose one, those with problems first. */
import { useMemo } from 'react';
import { Link } from 'react-router';
import { useCatalogue } from '../../api/assets';
import { t } from '../../i18n';
import { ButtonLink } from '../../parts/Button';
import { Card } from '../../parts/Page';
import { Answer, Empty } from '../../parts/states';
import { Table } from '../../parts/Table';
import { lineagePage } from '../assets/address';
import { Quality } from '../assets/Quality';
import css from './Lineage.module.css';
import type { Put } from './Lineage';
import { titleOf } from './model';
import { Picker } from './Picker';

const ORDER = ['UNHEALTHY', 'WARNING', 'HEALTHY', 'UNKNOWN'];

export function Choose({ set }: { set: Put }) {
  const catalogue = useCatalogue();
  const first = useMemo(() => [...(catalogue.data?.assets ?? [])].sort((a, b) => ORDER.indexOf(a.status) - ORDER.indexOf(b.status)).slice(0, 12), [catalogue.data]);
  return (
    <div className={css.choose}>
      <Picker value="" label={t('lineage.choose')} choose={(asset) => set({ asset }, true)} />
      <Answer of={catalogue}>
        {() => (
          <Card flush title={t('lineage.begin')} acts={<ButtonLink small to="/assets" icon="assets">{t('lineage.catalogue')}</ButtonLink>}>
            <Table
              label={t('lineage.begin')}
              rows={first}
              id={(asset) => asset.assetId}
              columns={[
                { id: 'name', name: t('assets.name'), cell: (asset) => <span className={css.two}><Link to={lineagePage(asset.externalId)}>{titleOf(asset.externalId, asset.assetName)}</Link><small>{asset.externalId}</small></span> },
                { id: 'quality', name: t('assets.quality'), tight: true, cell: (asset) => <Quality of={asset.status} /> },
                { id: 'owner', name: t('assets.owner'), wide: true, cell: (asset) => asset.owners.join(', ') || '–' },
              ]}
              empty={<Empty icon="lineage" title={t('assets.none')}>{t('assets.none.more')}</Empty>}
            />
          </Card>
        )}
      </Answer>
    </div>
  );
}
