/** The runs of a pipeline, the newest first, in a time of at most seven days; time, status and page stand in the URL. */
import { useQuery } from '@tanstack/react-query';
import { Link, useSearchParams } from 'react-router';
import { runsQuery, type Pipeline, type PipelineRun } from '../../api/pipelines';
import { POLL } from '../../api/query';
import { useScope } from '../../app/scope';
import { ScopeBar } from '../../app/ScopeBar';
import { named, t } from '../../i18n';
import { Select } from '../../parts/Field';
import { Card } from '../../parts/Page';
import { Answer, Empty } from '../../parts/states';
import { Status } from '../../parts/Status';
import { Pager, Table, type Column } from '../../parts/Table';
import { Duration, Time } from '../../parts/Time';
import css from './Pipeline.module.css';

const SIZE = 50;
const STATUSES = ['RUNNING', 'QUEUED', 'SUCCEEDED', 'WARNING', 'FAILED', 'SKIPPED', 'CANCELLED'];

const COLUMNS = (): Column<PipelineRun>[] => [
  { id: 'status', name: t('pipelines.status'), cell: (row) => <Link to={`/runs/${row.id}`}><Status of={row.runStatus} /></Link> },
  { id: 'created', name: t('pipelines.created'), cell: (row) => <Time at={row.createdAt} as="short" /> },
  { id: 'took', name: t('pipelines.took'), number: true, cell: (row) => <Duration from={row.startedAt} to={row.completedAt} /> },
  { id: 'by', name: t('pipelines.startedBy'), wide: true, cell: (row) => [named('pipelines.by', row.triggeredBy.triggerType), row.triggeredBy.scheduleName ?? row.triggeredBy.userId].filter(Boolean).join(' · ') },
  { id: 'version', name: t('pipelines.version'), number: true, wide: true, cell: (row) => row.pipelineVersionNumber },
  { id: 'message', name: t('pipelines.message'), wide: true, cell: (row) => <span lang="en" className={css.muted}>{row.message}</span> },
];

export function Runs({ of }: { of: Pipeline }) {
  const scope = useScope('7d');
  const [query, setQuery] = useSearchParams();
  const page = Math.max(1, Number(query.get('page')) || 1);
  const status = query.get('status') ?? '';
  const set = (name: string, value: string) =>
    setQuery(
      (old) => {
        const next = new URLSearchParams(old);
        if (value) next.set(name, value);
        else next.delete(name);
        if (name !== 'page') next.delete('page');
        return next;
      },
      { replace: true },
    );
  const runs = useQuery({
    ...runsQuery({ pipelineIds: [of.id], from: scope.from, to: scope.to, status: status ? [status] : undefined, page, size: SIZE }),
    refetchInterval: POLL.usual,
    placeholderData: (old) => old,
  });
  return (
    <>
      <div className={css.bar}>
        <Select
          aria-label={t('pipelines.status')}
          value={status}
          choices={[{ value: '', name: t('pipelines.status.all') }, ...STATUSES.map((value) => ({ value, name: named('parts.status', value) }))]}
          choose={(value) => set('status', value)}
        />
        <span className={css.grow} />
        <ScopeBar scope={scope} ranges={['1h', '24h', '7d']} />
      </div>
      <Card flush>
        <Answer of={runs} lines={8}>
          {(answer) => (
            <>
              <Table
                label={t('pipelines.tab.runs')}
                rows={answer.results}
                columns={COLUMNS()}
                id={(row) => row.id}
                to={(row) => `/runs/${row.id}`}
                empty={
                  <Empty icon="runs" title={t('pipelines.runs.none')}>
                    {t('pipelines.runs.none.more')}
                  </Empty>
                }
              />
              <Pager page={page} size={SIZE} total={answer.total} go={(next) => set('page', next === 1 ? '' : String(next))} />
            </>
          )}
        </Answer>
      </Card>
    </>
  );
}
