/** All runs, the newest first: filtered by status, pipeline, trigger and time, all of which stand in the URL. */
import { useSearchParams } from 'react-router';
import { useQuery } from '@tanstack/react-query';
import { get } from '../../api/client';
import { POLL } from '../../api/query';
import { useRuns, type Run } from '../../api/runs';
import { RANGES, useScope, type Range } from '../../app/scope';
import { ScopeBar } from '../../app/ScopeBar';
import { named, t } from '../../i18n';
import { Button } from '../../parts/Button';
import { Select } from '../../parts/Field';
import { Card, Page } from '../../parts/Page';
import { Answer, Empty } from '../../parts/states';
import { Status } from '../../parts/Status';
import { Pager, Table, type Column } from '../../parts/Table';
import { Duration, Time } from '../../parts/Time';
import { Link } from 'react-router';
import { TriggerWords } from './trigger';
import css from './run.module.css';

const SIZE = 50;
const STATUSES = ['RUNNING', 'QUEUED', 'FAILED', 'WARNING', 'SUCCEEDED', 'SKIPPED', 'CANCELLING', 'CANCELLED'];
const TRIGGERS = ['MANUAL', 'SCHEDULED', 'BACKFILL', 'EVENT', 'ASSET', 'SENSOR', 'WEBHOOK', 'PIPELINE', 'TRIGGER_EVENT', 'RESTART_ALL', 'RESTART_FROM_FAILED', 'RESTART_FROM_TASKS', 'RESTART_FROM_SELECTED'];
const RANGES_HERE: Range[] = ['1h', '24h', '7d'];

interface PipelineName {
  id: string;
  name: string;
  alias: string;
}
const usePipelineNames = () =>
  useQuery({ queryKey: ['pipelines'], queryFn: ({ signal }) => get<PipelineName[]>('/pipelines', {}, signal), refetchInterval: POLL.calm, staleTime: 10_000 });

const columns = (): Column<Run>[] => [
  { id: 'status', name: t('run.status'), tight: true, cell: (run) => <Status of={run.runStatus} /> },
  {
    id: 'pipeline', name: t('run.pipeline'), cell: (run) => <Link to={`/runs/${run.id}`}>{run.pipelineName}</Link>,
  },
  { id: 'id', name: t('run.id'), tight: true, wide: true, cell: (run) => <code className={css.faint}>{run.id.slice(0, 8)}</code> },
  { id: 'trigger', name: t('run.trigger'), wide: true, cell: (run) => <TriggerWords of={run.triggeredBy} /> },
  { id: 'message', name: t('run.task.message'), wide: true, cell: (run) => <span lang="en" title={run.message ?? ''}>{(run.message ?? '').slice(0, 120)}</span> },
  { id: 'version', name: t('run.version'), number: true, wide: true, cell: (run) => run.pipelineVersionNumber },
  { id: 'created', name: t('run.created'), tight: true, cell: (run) => <Time at={run.createdAt} /> },
  { id: 'duration', name: t('run.duration'), number: true, wide: true, cell: (run) => <Duration from={run.startedAt} to={run.completedAt} /> },
];

export function Runs() {
  const scope = useScope('24h');
  const [query, setQuery] = useSearchParams();
  const [status, pipeline, trigger] = ['status', 'pipeline', 'trigger'].map((name) => query.get(name) ?? '') as [string, string, string];
  const page = Math.max(1, Number(query.get('page')) || 1);
  const put = (some: Record<string, string>) =>
    setQuery(
      (old) => {
        const next = new URLSearchParams(old);
        // Another list begins at its first page.
        next.delete('page');
        for (const [name, value] of Object.entries(some)) {
          if (value) next.set(name, value);
          else next.delete(name);
        }
        return next;
      },
      { replace: true },
    );
  const pipelines = usePipelineNames().data ?? [];
  // The server lists seven days at most: a longer time is cut at its end.
  const from = new Date(Math.max(Date.parse(scope.from), Date.parse(scope.to) - RANGES['7d'])).toISOString();
  const runs = useRuns({ statuses: status.split(',').filter(Boolean), pipelineIds: pipeline ? [pipeline] : [], from, to: scope.to, page, size: SIZE });
  const filtered = status !== '' || pipeline !== '' || trigger !== '';
  return (
    <Page title={t('run.title')} about={t('run.about')} acts={<ScopeBar scope={scope} ranges={RANGES_HERE} />}>
      <Card flush>
        <div className={css.filters}>
          <span className={css.pick}>
            <Select aria-label={t('run.status')} value={status} choices={[{ value: '', name: t('run.anyStatus') }, ...STATUSES.map((value) => ({ value, name: named('parts.status', value) }))]} choose={(value) => put({ status: value })} />
          </span>
          <span className={css.pick}>
            <Select
              aria-label={t('run.pipeline')}
              value={pipeline}
              choices={[{ value: '', name: t('run.anyPipeline') }, ...pipelines.map((one) => ({ value: one.id, name: one.name || one.alias })).sort((a, b) => a.name.localeCompare(b.name))]}
              choose={(value) => put({ pipeline: value })}
            />
          </span>
          <span className={css.pick}>
            <Select aria-label={t('run.trigger')} value={trigger} choices={[{ value: '', name: t('run.anyTrigger') }, ...TRIGGERS.map((value) => ({ value, name: named('run.trigger', value) }))]} choose={(value) => put({ trigger: value })} />
          </span>
          {filtered && (
            <Button small kind="quiet" icon="close" onClick={() => put({ status: '', pipeline: '', trigger: '' })}>
              {t('run.empty.clear')}
            </Button>
          )}
        </div>
        <Answer of={runs}>
          {({ results, total }) => {
            const shown = trigger === '' ? results : results.filter((run) => run.triggeredBy.kind === trigger);
            return (
              <div aria-busy={runs.isPlaceholderData}>
                {trigger !== '' && <p className={css.hint}>{t('run.filtered', { count: shown.length })}</p>}
                <Table
                  label={t('run.title')}
                  rows={shown}
                  columns={columns()}
                  id={(run) => run.id}
                  to={(run) => `/runs/${run.id}`}
                  empty={
                    <Empty title={t('run.empty')} icon="runs">
                      {t('run.empty.more')}
                    </Empty>
                  }
                />
                <Pager page={page} size={SIZE} total={total} go={(next) => put({ page: next > 1 ? String(next) : '' })} />
              </div>
            );
          }}
        </Answer>
      </Card>
    </Page>
  );
}
