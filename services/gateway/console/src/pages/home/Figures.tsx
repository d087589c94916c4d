/** The figures at the top of Home: live, failing, the part of runs that ended well, broken promises, money. */
import type { ReactNode } from 'react';
import { useQueries } from '@tanstack/react-query';
import type { Broken, Happening } from '../../api/answers';
import { money, useCosts, useSavings } from '../../api/costs';
import { runsQuery, usePipelines } from '../../api/pipelines';
import { POLL } from '../../api/query';
import type { Scope } from '../../app/scope';
import { t } from '../../i18n';
import { Line } from '../../parts/Sparkline';
import type { Asked } from '../../parts/states';
import { listText, numberText, percentText } from '../../parts/values';
import { concerns, daily, saveable, spent, successRate, weeks } from './figures';
import css from './Home.module.css';

interface FiguresProps {
  scope: Scope;
  happening: Asked<Happening>;
  broken: Asked<Broken>;
  /** Undefined: it is not known who answers for what. */
  owners: Map<string, Set<string>> | undefined;
}

function Figure({ name, more, bad, children }: { name: string; more?: ReactNode; bad?: boolean; children: ReactNode }) {
  return (
    <div className={css.figure}>
      <dt>{name}</dt>
      <dd className={bad ? css.bad : undefined}>{children}</dd>
      <dd>{more ?? '\u00a0'}</dd>
    </div>
  );
}

/** Runs of the range that ended well and badly, counted by the server; undefined until all counts are there. */
function useEnded(scope: Scope, owners: FiguresProps['owners']): { good: number; bad: number } | undefined {
  const pipelines = usePipelines();
  const ids = scope.owner === '' ? undefined : owners && pipelines.data?.filter((one) => owners.get(one.alias)?.has(scope.owner)).map((one) => one.id);
  // All pipelines are asked for by naming none.
  const unknown = scope.owner !== '' && ids === undefined;
  const none = ids?.length === 0;
  const asked = weeks(scope.from, scope.to).flatMap((span) => [
    { ...span, status: ['SUCCEEDED', 'WARNING'] },
    { ...span, status: ['FAILED'] },
  ]);
  return useQueries({
    queries: asked.map((one) => ({ ...runsQuery({ ...one, pipelineIds: ids, size: 1 }), enabled: !none && !unknown, staleTime: 30_000, refetchInterval: POLL.calm, placeholderData: (old: unknown) => old as never })),
    combine: (answers) => {
      if (none) return { good: 0, bad: 0 };
      if (unknown || answers.some((answer) => answer.data === undefined)) return undefined;
      const total = (which: number) => answers.filter((_, at) => at % 2 === which).reduce((sum, answer) => sum + answer.data!.total, 0);
      return { good: total(0), bad: total(1) };
    },
  });
}

export function Figures({ scope, happening, broken, owners }: FiguresProps) {
  const ended = useEnded(scope, owners);
  const filter = { from: scope.from, to: scope.to, owner: scope.owner || undefined };
  const costs = useCosts(['day'], filter);
  const savings = useSavings();
  const mine = (alias: string) => scope.owner === '' || owners?.get(alias)?.has(scope.owner) === true;
  const live = happening.data?.runs.filter((one) => mine(one.run.pipelineAlias)) ?? [];
  const groups = broken.data?.groups.filter((group) => concerns(group, scope.owner, owners ?? new Map())) ?? [];
  const promises = groups.filter((group) => group.kind === 'BREACH').length;
  const rate = ended && successRate(ended.good, ended.bad);
  const money30 = saveable(savings.data?.savings ?? []);
  const sums = spent(costs.data?.sums ?? []);
  const days = sums[0] ? daily(costs.data?.sums ?? [], sums[0].currency, scope.from, scope.to) : [];
  const failing = scope.owner === '' ? (broken.data?.failingPipelines ?? 0) : new Set(groups.map((group) => group.pipelineAlias).filter(Boolean)).size;
  return (
    <dl className={css.figures}>
      <Figure name={t('home.figure.live')} more={happening.data && t('home.figure.waiting', { count: happening.data.waiting.filter((one) => mine(one.pipelineAlias)).length })}>
        {happening.data ? numberText(live.length + (scope.owner === '' ? happening.data.moreRuns : 0)) : '–'}
      </Figure>
      <Figure name={t('home.figure.failing')} bad={failing > 0} more={broken.data && t('home.figure.causes', { count: groups.length + (scope.owner === '' ? broken.data.moreGroups : 0) })}>
        {broken.data ? numberText(failing) : '–'}
      </Figure>
      <Figure name={t('home.figure.success')} more={ended && t('home.figure.ended', { count: ended.good + ended.bad })}>
        {rate === undefined ? '–' : percentText(rate)}
      </Figure>
      <Figure name={t('home.figure.promises')} bad={promises > 0} more={t('home.figure.promises.more')}>
        {broken.data ? numberText(promises) : '–'}
      </Figure>
      <Figure
        name={t('home.figure.spent')}
        more={money30.length > 0 ? t('home.figure.saveable', { sum: listText(money30.map((one) => money(one.micros, one.currency))) }) : undefined}
      >
        {sums[0] ? sums.map((one) => money(one.micros, one.currency)).join(' + ') : costs.data ? t('home.figure.nothing') : '–'}
        {days.length > 2 && (
          <span className={css.line}>
            <Line values={days} label={t('home.figure.days')} width={72} />
          </span>
        )}
      </Figure>
    </dl>
  );
}
