/** The tasks of a pipeline, in the order in which they can run, with what each one waits for. */
import type { UseQueryResult } from '@tanstack/react-query';
import { t } from '../../i18n';
import { Card, Tag } from '../../parts/Page';
import { Answer, Empty } from '../../parts/states';
import { Table, type Column } from '../../parts/Table';
import type { Definition, Task } from './definition';
import css from './Pipeline.module.css';

const COLUMNS = (): Column<Task>[] => [
  {
    id: 'task',
    name: t('pipelines.task'),
    cell: (row) => (
      <>
        <div>{row.name || row.id}</div>
        <div className={css.muted}>{[...row.groups, row.id].join(' / ')}</div>
      </>
    ),
  },
  { id: 'job', name: t('pipelines.job'), cell: (row) => <code>{row.job || row.integration}</code> },
  {
    id: 'after',
    name: t('pipelines.after'),
    cell: (row) => (
      <span className={css.layer}>
        {row.waits.map((name) => (
          <Tag key={name}>{name}</Tag>
        ))}
      </span>
    ),
  },
  { id: 'when', name: t('pipelines.when'), wide: true, cell: (row) => row.condition && <code>{row.condition}</code> },
  { id: 'owner', name: t('pipelines.owner'), wide: true, cell: (row) => row.owner || '–' },
];

export function Tasks({ of }: { of: UseQueryResult<Definition> }) {
  return (
    <Card flush>
      <Answer of={of}>
        {({ tasks }) => (
          <Table
            label={t('pipelines.tasks')}
            rows={tasks}
            columns={COLUMNS()}
            id={(row) => [...row.groups, row.id].join('/')}
            empty={<Empty icon="graph" title={t('pipelines.tasks.none')}>{t('pipelines.tasks.none.more')}</Empty>}
          />
        )}
      </Answer>
    </Card>
  );
}
