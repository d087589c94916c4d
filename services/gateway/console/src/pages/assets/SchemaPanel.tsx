/** The columns of an asset as they are, and what became of them. */
import { Link } from 'react-router';
import { useSchemaChanges, type AssetColumn, type AssetDetail, type ColumnChange } from '../../api/assets';
import { named, t } from '../../i18n';
import { ButtonLink } from '../../parts/Button';
import { Card } from '../../parts/Page';
import { Answer, Empty } from '../../parts/states';
import { Mark } from '../../parts/Status';
import { MoreRows, Table } from '../../parts/Table';
import { Time } from '../../parts/Time';
import { lineagePage, pipelinePage, runPage } from './address';
import { Result } from './Result';
import css from './assets.module.css';

export function Changed({ of }: { of: ColumnChange }) {
  const tone = of.change === 'REMOVED' ? 'bad' : of.change === 'ADDED' ? 'good' : 'warn';
  return (
    <span>
      <Mark tone={tone}>{named('assets.change', of.change)}</Mark> <code>{of.name}</code>{' '}
      <span className={css.faint}>{[of.typeBefore, of.typeAfter].filter(Boolean).join(' → ')}</span>
    </span>
  );
}

export function SchemaPanel({ asset }: { asset: AssetDetail }) {
  const changes = useSchemaChanges(asset.externalId);
  const tests = (column: AssetColumn) => asset.tests.filter((test) => test.column === column.name);
  return (
    <div className={css.stack}>
      <Card flush title={t('assets.columns')} count={asset.columns.length}>
        <Table
          label={t('assets.columns')}
          rows={asset.columns}
          id={(column) => column.name}
          sort="columns"
          columns={[
            { id: 'name', name: t('assets.column'), by: (column) => column.name, cell: (column) => <code>{column.name}</code> },
            { id: 'type', name: t('assets.type'), tight: true, by: (column) => column.type, cell: (column) => <span className={css.faint}>{column.type || '–'}</span> },
            { id: 'description', name: t('assets.description'), wide: true, cell: (column) => column.description || '–' },
            { id: 'tests', name: t('assets.tests'), cell: (column) => <span className={css.tags}>{tests(column).map((test) => <Result key={test.name} of={test} />)}</span> },
            {
              id: 'lineage', name: t('parts.acts'), quiet: true, tight: true,
              cell: (column) => <ButtonLink small kind="quiet" icon="lineage" label={t('assets.column.lineage', { column: column.name })} to={lineagePage(asset.externalId, { column: column.name })} />,
            },
          ]}
          empty={<Empty tight title={t('assets.columns.none')}>{t('assets.columns.none.more')}</Empty>}
        />
      </Card>
      <Card flush title={t('assets.changes')}>
        <Answer of={changes} tight>
          {({ rows, more }) => (
            <>
              <Table
                label={t('assets.changes')}
                rows={rows}
                id={(change) => `${change.at}/${change.runId}`}
                columns={[
                  { id: 'at', name: t('assets.when'), tight: true, cell: (change) => <Time at={change.at} /> },
                  { id: 'what', name: t('assets.what'), cell: (change) => <span className={css.changes}>{change.columns.map((column) => <Changed key={column.name} of={column} />)}</span> },
                  {
                    id: 'by', name: t('assets.by'), wide: true,
                    cell: (change) =>
                      change.pipelineId ? (
                        <>
                          <Link to={pipelinePage(change.pipelineId)}>{change.pipelineAlias || change.pipelineId}</Link> / {change.task} · <Link to={runPage(change.runId)}>{t('assets.run')}</Link>
                        </>
                      ) : (
                        change.task || '–'
                      ),
                  },
                ]}
                empty={<Empty tight title={t('assets.changes.none')} />}
              />
              <MoreRows more={more} pending={changes.isFetchingNextPage} load={() => void changes.fetchNextPage()} />
            </>
          )}
        </Answer>
      </Card>
    </div>
  );
}
