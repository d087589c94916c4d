/** What wrote an asset within the last days: each operation with its run, rows and how long it took. */
import { Link } from 'react-router';
import { useOperationsOf, type AssetDetail } from '../../api/assets';
import { usePipelines } from '../../api/pipelines';
import { named, t } from '../../i18n';
import { Card } from '../../parts/Page';
import { Answer, Empty } from '../../parts/states';
import { Status } from '../../parts/Status';
import { Table } from '../../parts/Table';
import { Duration, Time } from '../../parts/Time';
import { numberText } from '../../parts/values';
import { pipelinePage, runPage } from './address';
import css from './assets.module.css';

export function RunsPanel({ asset }: { asset: AssetDetail }) {
  const operations = useOperationsOf(asset.externalId);
  const names = new Map((usePipelines().data ?? []).map((one) => [one.id, one.alias]));
  return (
    <Answer of={operations} lines={5}>
      {({ of, cut }) => (
        <Card flush title={t('assets.runs')} count={of.length}>
          {cut && <p className={css.note}>{t('assets.operations.cut')}</p>}
          <Table
            label={t('assets.runs')}
            rows={of}
            id={(one) => one.id}
            sort="runs"
            columns={[
              { id: 'status', name: t('assets.test.now'), tight: true, by: (one) => one.operationStatus, cell: (one) => <Status of={one.operationStatus} /> },
              { id: 'what', name: t('assets.what'), by: (one) => one.operationName, cell: (one) => <span className={css.two}><span>{one.operationName}</span><small>{named('assets.operation', one.operationType)}</small></span> },
              { id: 'pipeline', name: t('assets.pipeline'), wide: true, cell: (one) => (one.pipelineId ? <Link to={pipelinePage(one.pipelineId)}>{names.get(one.pipelineId) ?? one.pipelineId}</Link> : t('assets.outside')) },
              { id: 'rows', name: t('assets.rows'), number: true, by: (one) => one.rowsAffected ?? undefined, cell: (one) => (one.rowsAffected === null ? '–' : numberText(one.rowsAffected)) },
              { id: 'took', name: t('assets.took'), number: true, wide: true, by: (one) => one.operationDuration ?? undefined, cell: (one) => (one.operationDuration === null ? '–' : <Duration ms={one.operationDuration * 1000} />) },
              { id: 'at', name: t('assets.when'), tight: true, by: (one) => one.insertedAt, cell: (one) => (one.pipelineId ? <Link to={runPage(one.pipelineRunId)}><Time at={one.insertedAt} /></Link> : <Time at={one.insertedAt} />) },
            ]}
            empty={<Empty tight title={t('assets.runs.none')}>{t('assets.runs.none.more')}</Empty>}
          />
        </Card>
      )}
    </Answer>
  );
}
