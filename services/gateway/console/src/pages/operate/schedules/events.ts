/** What stands in the calendar between two instants: what was fired, from the trends, and what will be, from previews. */
import { useMemo } from 'react';
import { useQueries } from '@tanstack/react-query';
import { previewOf, useScheduleTrends, type ScheduleTrend } from '../../../api/health';
import { useOwned } from '../../../api/owners';
import { usePipelines } from '../../../api/pipelines';
import { planned } from '../../../parts/planned';
import type { Event } from './calendar';

/** So many firings of one schedule are asked for; of more the rest is missing, which is said. */
const MOST = 700;
/** The list of pipelines says nothing about schedules: each is asked for its own, up to so many. */
const PIPELINES = 200;

export function past(trends: ScheduleTrend[], from: number, to: number): Event[] {
  return trends.flatMap((trend) =>
    trend.firings.flatMap((firing) => {
      const at = new Date(firing.instant).getTime();
      if (at < from || at >= to) return [];
      return [{
        id: `${trend.pipelineId}/${trend.schedule}/${firing.instant}`, pipelineId: trend.pipelineId, pipeline: trend.pipeline, schedule: trend.schedule,
        at: firing.instant, status: firing.status, runId: firing.runId, lateMs: firing.startedAt ? Math.max(0, new Date(firing.startedAt).getTime() - at) : undefined,
      }];
    }),
  );
}

export function useEvents(from: number, to: number, now: number): { events: Event[]; pending: boolean; error: unknown; cut: boolean; trends: ScheduleTrend[] } {
  const names = usePipelines();
  const trends = useScheduleTrends();
  const owned = useOwned().data;
  const scheduled = (names.data ?? []).slice(0, PIPELINES);
  const minute = Math.floor(now / 60_000) * 60_000;
  // Previews begin where the calendar does, or now; an instant that counts is after that.
  const after = new Date(Math.max(from - 1, minute)).toISOString();
  const asked = useQueries({
    queries: scheduled.map((one) => ({ ...previewOf(one.id, after, MOST), enabled: to > minute, placeholderData: <T>(before: T | undefined) => before })),
  });
  const stamp = asked.map((one) => one.dataUpdatedAt).join();
  return useMemo(() => {
    const coming = asked.flatMap((answer, at) => {
      const of = scheduled[at]!;
      const called = owned?.get(of.id)?.schedules.map((one) => one.name);
      return (answer.data ?? []).flatMap((preview) =>
        preview.firings.flatMap((firing): Event[] => {
          const when = new Date(firing.instant).getTime();
          const schedule = preview.schedule?.name ?? '';
          if (when < from || when >= to || when < minute || planned(schedule, called).kind === 'deadline') return [];
          return [{ id: `${of.id}/${schedule}/${firing.instant}`, pipelineId: of.id, pipeline: of.alias, schedule, at: firing.instant, paused: preview.paused || preview.schedule?.paused }];
        }),
      );
    });
    const was = past(trends.data?.rows ?? [], from, to);
    const known = new Set(was.map((one) => one.id));
    return {
      events: [...was, ...coming.filter((one) => !known.has(one.id))],
      pending: names.isPending || trends.isPending || (to > minute && asked.some((one) => one.isPending)),
      error: names.error ?? trends.error ?? asked.find((one) => one.error)?.error,
      cut: (names.data?.length ?? 0) > PIPELINES || asked.some((one) => one.data?.some((preview) => preview.firings.length >= MOST && new Date(preview.firings.at(-1)!.instant).getTime() < to)),
      trends: trends.data?.rows ?? [],
    };
  }, [stamp, owned, trends.data, names.data, from, to, minute]);
}
