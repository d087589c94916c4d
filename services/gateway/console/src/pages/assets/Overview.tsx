/** The first look at an asset: freshness, rows over time, who wrote it last, what is promised, its neighbours. */
import { useMemo } from 'react';
import { Link } from 'react-router';
import { useOperationsOf, type AssetDetail, type Usage } from '../../api/assets';
import { named, t } from '../../i18n';
import { Bars, COLOURS } from '../../parts/Bars';
import { Card, Pairs, Tag } from '../../parts/Page';
import { Answer, Empty } from '../../parts/states';
import { Time } from '../../parts/Time';
import { numberText, shortTime } from '../../parts/values';
import { pipelinePage, runPage } from './address';
import { known, rowsOf, writtenAt } from './catalogue';
import { Figures } from './Figures';
import { growth } from './history';
import { Neighbours } from './Neighbours';
import { Promises } from './Promises';
import { safeLink } from './safe';
import css from './assets.module.css';

function Rows({ asset }: { asset: AssetDetail }) {
  const operations = useOperationsOf(asset.externalId);
  return (
    <Card title={t('assets.growth')}>
      <Answer of={operations} tight>
        {({ of, cut }) => {
          const points = growth(of);
          if (points.length === 0) return <Empty tight title={t('assets.growth.none')}>{t('assets.growth.none.more')}</Empty>;
          return (
            <>
              <Bars
                label={t('assets.growth')}
                series={[{ name: t('assets.rows'), colour: COLOURS[0]! }]}
                bars={points.map((point) => ({ id: point.id, name: shortTime(point.at), values: [point.rows] }))}
                format={(value) => numberText(value)}
              />
              {cut && <p className={css.faint}>{t('assets.operations.cut')}</p>}
            </>
          );
        }}
      </Answer>
    </Card>
  );
}

export function Overview({ asset, usage }: { asset: AssetDetail; usage: Usage | undefined }) {
  const writers = useMemo(() => [...(usage?.writers ?? [])].sort((a, b) => (b.lastWrittenAt ?? '').localeCompare(a.lastWrittenAt ?? '')), [usage]);
  const last = writers[0];
  const link = safeLink(asset.url);
  return (
    <>
      <Figures
        of={[
          { name: t('assets.written'), value: <Time at={writtenAt(asset)} />, more: last ? (last.pipelineAlias ? `${last.pipelineAlias} / ${last.task}` : last.task) : undefined },
          { name: t('assets.rows'), value: rowsOf(asset) === undefined ? '–' : numberText(rowsOf(asset)!), more: known(asset.rowCount) === undefined && rowsOf(asset) !== undefined ? t('assets.rows.last') : undefined },
          { name: t('assets.tests'), value: numberText(asset.tests.length), more: asset.tests.length > 0 ? t('assets.tests.bad', { bad: asset.tests.filter((test) => test.status === 'FAILED').length }) : t('assets.tests.none') },
          { name: t('assets.uses'), value: numberText(asset.uses), more: <Time at={asset.lastUsedAt} /> },
          { name: t('assets.around'), value: `${asset.upstreamCount} → ${asset.downstreamCount}`, more: t('assets.around.more') },
        ]}
      />
      <div className={css.grid}>
        <div className={css.stack}>
          <Card title={t('assets.neighbours')}>
            <Neighbours asset={asset} />
          </Card>
          <Rows asset={asset} />
        </div>
        <div className={css.stack}>
          <Card title={t('assets.facts')}>
            <Pairs
              of={[
                [t('assets.owner'), asset.owners.length > 0 ? <span className={css.tags}>{asset.owners.map((owner) => <Tag key={owner}>{owner}</Tag>)}</span> : undefined],
                [t('assets.integration'), asset.integration ? named('integration', asset.integration) : undefined],
                [t('assets.account'), asset.integrationAccountId ?? undefined],
                [t('assets.database'), [asset.databaseName, asset.schemaName, asset.tableName].filter(Boolean).join('.') || undefined],
                [t('assets.link'), link ? <a href={link} target="_blank" rel="noreferrer">{link}</a> : undefined],
                [t('assets.seen'), <Time key="seen" at={asset.createdAt} as="short" />],
                [t('assets.updated'), <Time key="updated" at={asset.updatedAt} />],
              ]}
            />
          </Card>
          <Card title={t('assets.writers')}>
            {writers.length === 0 ? (
              <Empty tight title={t('assets.writers.none')} />
            ) : (
              <ul className={css.changes}>
                {writers.slice(0, 8).map((writer) => (
                  <li key={`${writer.pipelineId}/${writer.task}`}>
                    {writer.pipelineId ? <Link to={pipelinePage(writer.pipelineId)}>{writer.pipelineAlias || writer.pipelineId}</Link> : <span>{t('assets.outside')}</span>} / {writer.task}{' '}
                    <span className={css.faint}>
                      <Time at={writer.lastWrittenAt} />
                    </span>
                    {writer.pipelineId && writer.lastRunId && <> · <Link to={runPage(writer.lastRunId)}>{t('assets.run')}</Link></>}
                  </li>
                ))}
              </ul>
            )}
          </Card>
          <Promises asset={asset} />
        </div>
      </div>
    </>
  );
}
