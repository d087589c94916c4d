/** Cells of the list that need an answer of their own: the last runs as bars, and when it fires next. */
import { useQuery } from '@tanstack/react-query';
import { get, seg } from '../../api/client';
import type { Owned } from '../../api/owners';
import { runsQuery, type Pipeline, type PipelineRun, type SchedulePreview } from '../../api/pipelines';
import { t } from '../../i18n';
import { RunBars, type RunBar } from '../../parts/Sparkline';
import { Time } from '../../parts/Time';
import { between } from '../../parts/values';

const RUNS = 14;

export function bars(runs: PipelineRun[], now: number): RunBar[] {
  return [...runs].reverse().map((run) => ({
    id: run.id,
    status: run.runStatus,
    ms: between(run.startedAt, run.completedAt ?? now),
    at: run.createdAt,
  }));
}

/** Asked anew exactly when the last run is another one, or has become something else. */
export function LastRuns({ of, count = RUNS }: { of: Pipeline; count?: number }) {
  const query = runsQuery({ pipelineIds: [of.id], size: count });
  const runs = useQuery({
    ...query,
    queryKey: [...query.queryKey, of.latestRunId, of.latestRunStatus],
    staleTime: Infinity,
    placeholderData: (old) => old,
    enabled: Boolean(of.latestRunId),
  });
  return <RunBars runs={bars(runs.data?.results ?? [], Date.now())} to={(id) => `/runs/${id}`} />;
}

/** The first firing of all schedules that are not paused. */
export function firstFiring(schedules: SchedulePreview[]): string | undefined {
  return schedules
    .filter((one) => !one.paused)
    .flatMap((one) => one.firings.slice(0, 1).map((firing) => firing.instant))
    .sort()[0];
}

/** Asked only of those that have a schedule which fires. */
export function NextFiring({ of, schedules }: { of: Pipeline; schedules: Owned['schedules'] | undefined }) {
  const next = useQuery({
    queryKey: ['schedules', of.id, 1, of.publishedVersionNumber, of.paused, of.latestRunId],
    queryFn: async ({ signal }) => (await get<{ schedules: SchedulePreview[] }>(`/pipelines/${seg(of.id)}/schedule`, { count: 1 }, signal)).schedules,
    staleTime: 60_000,
    enabled: !of.paused && schedules?.some((one) => !one.paused) === true,
  });
  if (of.paused) return <>{t('pipelines.paused')}</>;
  const at = firstFiring(next.data ?? []);
  return at ? <Time at={at} /> : <span aria-hidden="true">–</span>;
}
