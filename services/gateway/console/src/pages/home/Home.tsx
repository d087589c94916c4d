/**
 * Three questions on one page: what is happening, what is broken and what to do, what works and what it costs. The time
 * and the owner of what is shown stand in the URL.
 */
import { useMemo } from 'react';
import { useBroken, useHappening } from '../../api/answers';
import { useCosts } from '../../api/costs';
import { useOwned } from '../../api/owners';
import { useScope } from '../../app/scope';
import { ScopeBar } from '../../app/ScopeBar';
import { t } from '../../i18n';
import { NeedsAccount } from '../../parts/Needs';
import { Page } from '../../parts/Page';
import { given, Lacking } from '../../parts/states';
import { BrokenCard } from './BrokenCard';
import { CostCards } from './CostCards';
import { Figures } from './Figures';
import { concerns, ownersOf } from './figures';
import { LiveCard } from './LiveCard';
import { NextCard } from './NextCard';
import css from './Home.module.css';

export const Home = () => <NeedsAccount title={t('home.title')}>{() => <Questions />}</NeedsAccount>;

function Questions() {
  const scope = useScope('24h');
  // Who answers for what: as pipelines say, and of all that cost something in 30 days, so that a short range loses no owner.
  const owned = useOwned();
  // Whose something is must be known before it is left out as somebody else's.
  const known = scope.owner === '' || owned.data !== undefined;
  const [ofAll, brokenOfAll] = [useHappening(), useBroken()];
  const happening = known ? ofAll : given(ofAll, owned);
  const broken = known ? brokenOfAll : given(brokenOfAll, owned);
  const month = useMemo(() => new Date(Date.parse(scope.to) - 30 * 86_400_000).toISOString().slice(0, 13) + ':00:00Z', [scope.to]);
  const ledger = useCosts(['owner', 'pipeline'], { from: month });
  const owners = useMemo(() => ownersOf([...(owned.data?.values() ?? [])], ledger.data?.sums ?? []), [owned.data, ledger.data]);
  const names = useMemo(() => {
    const below = broken.data?.groups.flatMap((group) => group.reach?.owners ?? []) ?? [];
    return [...new Set([...[...owners.values()].flatMap((set) => [...set]), ...below])].sort();
  }, [owners, broken.data]);
  const mine = (alias: string) => scope.owner === '' || owners.get(alias)?.has(scope.owner) === true;
  return (
    <Page title={t('home.title')} acts={<ScopeBar scope={scope} owners={names} />}>
      {owned.isError && <Lacking what="home.owners.unknown" error={owned.error} />}
      <Figures scope={scope} happening={happening} broken={broken} owners={known ? owners : undefined} />
      <div className={css.columns}>
        <div className={css.column}>
          <LiveCard of={happening} mine={mine} />
          <NextCard of={happening} mine={mine} />
        </div>
        <div className={css.column}>
          <BrokenCard of={broken} shown={(group) => concerns(group, scope.owner, owners)} />
        </div>
      </div>
      <CostCards scope={scope} />
    </Page>
  );
}
