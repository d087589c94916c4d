/** One asset: how fresh and how good it is, what it is made of, what it costs and who uses it. */
import { useParams } from 'react-router';
import { useAsset, useUsage, type AssetDetail } from '../../api/assets';
import { named, t } from '../../i18n';
import { ButtonLink } from '../../parts/Button';
import { Code } from '../../parts/Code';
import { NeedsAccount } from '../../parts/Needs';
import { Page, Tag } from '../../parts/Page';
import { Answer } from '../../parts/states';
import { Tabs } from '../../parts/Tabs';
import { lineagePage } from './address';
import { titleOf } from './catalogue';
import { CostPanel } from './CostPanel';
import { Overview } from './Overview';
import { Quality } from './Quality';
import { QualityPanel } from './QualityPanel';
import { RunsPanel } from './RunsPanel';
import { SchemaPanel } from './SchemaPanel';
import { UsagePanel } from './UsagePanel';
import css from './assets.module.css';

export const Asset = () => <NeedsAccount title={t('assets.one')}>{() => <Known />}</NeedsAccount>;

function Known() {
  const { id = '' } = useParams();
  const asset = useAsset(id);
  const crumbs = [{ to: '/assets', name: t('assets.title') }];
  if (!asset.data) {
    return (
      <Page title={t('assets.one')} crumbs={crumbs}>
        <Answer of={asset} lines={8}>{() => null}</Answer>
      </Page>
    );
  }
  return <Shown asset={asset.data} crumbs={crumbs} />;
}

function Shown({ asset, crumbs }: { asset: AssetDetail; crumbs: { to: string; name: string }[] }) {
  const usage = useUsage(asset.externalId);
  const bad = asset.tests.filter((test) => test.status === 'FAILED' || test.status === 'WARNING').length;
  return (
    <Page
      title={titleOf(asset.externalId, asset.assetName)}
      crumbs={crumbs}
      beside={
        <>
          <Quality of={asset.status} />
          <Tag>{named('assets.type', asset.assetType)}</Tag>
          {asset.tags.map((tag) => <Tag key={tag}>{tag}</Tag>)}
        </>
      }
      about={
        <span className={css.changes}>
          {asset.description && <span>{asset.description}</span>}
          <Code short>{asset.externalId}</Code>
        </span>
      }
      acts={
        <>
          <ButtonLink to={lineagePage(asset.externalId)} icon="lineage">{t('assets.lineage')}</ButtonLink>
          <ButtonLink to={lineagePage(asset.externalId, { mode: 'impact' })} icon="warning">{t('assets.impact')}</ButtonLink>
        </>
      }
    >
      <Tabs
        label={asset.assetName}
        tabs={[
          { id: 'overview', name: t('assets.tab.overview'), panel: () => <Overview asset={asset} usage={usage.data} /> },
          { id: 'schema', name: t('assets.tab.schema'), count: asset.columns.length, panel: () => <SchemaPanel asset={asset} /> },
          { id: 'quality', name: t('assets.tab.quality'), count: bad || undefined, panel: () => <QualityPanel asset={asset} /> },
          { id: 'cost', name: t('assets.tab.cost'), panel: () => <CostPanel asset={asset} usage={usage} /> },
          { id: 'usage', name: t('assets.tab.usage'), panel: () => <UsagePanel usage={usage} /> },
          { id: 'runs', name: t('assets.tab.runs'), panel: () => <RunsPanel asset={asset} /> },
        ]}
      />
    </Page>
  );
}
