/** What a task did inside another system: queries, models, syncs, tests, with their rows. */
import { useState } from 'react';
import { Link } from 'react-router';
import { useOperations, type Operation } from '../../../api/runs';
import { t } from '../../../i18n';
import { Card } from '../../../parts/Page';
import { Answer, Empty } from '../../../parts/states';
import { Status } from '../../../parts/Status';
import { Pager, Table, type Column } from '../../../parts/Table';
import { durationText, numberText } from '../../../parts/values';
import type { RunTask } from '../model/tasks';
import css from './task.module.css';

const columns = (): Column<Operation>[] => [
  {
    id: 'name', name: t('run.operation'), by: (one) => one.operationName,
    cell: (one) => (
      <>
        {one.assetExternalId ? <Link to={`/assets/${encodeURIComponent(one.assetExternalId)}`}>{one.operationName}</Link> : one.operationName}
        {one.message && <span lang="en" className={css.words}>{one.message}</span>}
      </>
    ),
  },
  { id: 'type', name: t('run.operation.type'), tight: true, wide: true, cell: (one) => one.operationType.toLowerCase() },
  { id: 'status', name: t('run.status'), tight: true, cell: (one) => <Status of={one.operationStatus} /> },
  { id: 'rows', name: t('run.operation.rows'), number: true, by: (one) => one.rowsAffected ?? undefined, cell: (one) => (one.rowsAffected === null ? '–' : numberText(one.rowsAffected)) },
  { id: 'duration', name: t('run.duration'), number: true, by: (one) => one.operationDuration ?? undefined, cell: (one) => (one.operationDuration === null ? '–' : durationText(one.operationDuration * 1_000)) },
];

export function Operations({ task }: { task: RunTask }) {
  const [page, setPage] = useState(1);
  const found = useOperations({ run: task.pipelineRunId, task: task.id }, page, task.status.length);
  return (
    <Answer of={found} tight>
      {({ results, total, pageSize }) =>
        total === 0 ? (
          <Empty title={t('run.operations.none')} tight>
            {t('run.operations.none.more')}
          </Empty>
        ) : (
          <Card flush>
            <Table label={t('run.part.operations')} rows={results} columns={columns()} id={(one) => one.id} sort="operations" />
            <Pager page={page} size={pageSize} total={total} go={setPage} />
          </Card>
        )
      }
    </Answer>
  );
}
