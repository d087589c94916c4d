/** What works and what it costs: the dearest assets beside their use, the dearest pipelines, and what could be saved. */
import { useMemo } from 'react';
import { Link } from 'react-router';
import { useQueries } from '@tanstack/react-query';
import { get } from '../../api/client';
import { money, useCosts, useSavings, type CostSum, type Saving } from '../../api/costs';
import type { Scope } from '../../app/scope';
import { named, t } from '../../i18n';
import { ButtonLink } from '../../parts/Button';
import { Card } from '../../parts/Page';
import { Answer, Empty } from '../../parts/states';
import { Mark } from '../../parts/Status';
import { Table, type Column } from '../../parts/Table';
import { durationText, listText, numberText } from '../../parts/values';
import { saveable, savedSeconds, usesSince } from './figures';
import { sentences } from './words';
import css from './Home.module.css';

const SHOWN = 8;

interface Use {
  usage: { uses: number; lastUsedAt: string | null; days: { day: number; uses: number }[] } | null;
}

/** How often each asset was used since `from`; undefined until it is known. */
function useUses(assets: string[], from: string): Map<string, number | undefined> {
  return useQueries({
    queries: assets.map((asset) => ({ queryKey: ['usage', asset], queryFn: ({ signal }: { signal: AbortSignal }) => get<Use>('/usage', { asset }, signal), staleTime: 60_000 })),
    combine: (answers) => new Map(answers.map((answer, at) => [assets[at]!, answer.data && usesSince(answer.data.usage?.days ?? [], from)])),
  });
}

function AssetCosts({ scope }: { scope: Scope }) {
  const costs = useCosts(['asset'], { from: scope.from, to: scope.to, owner: scope.owner || undefined });
  const rows = useMemo(
    () => (costs.data?.sums ?? []).filter((sum) => sum.asset !== '').sort((a, b) => Number(b.total) - Number(a.total)).slice(0, SHOWN),
    [costs.data],
  );
  const uses = useUses(useMemo(() => rows.map((row) => row.asset), [rows]), scope.from);
  const columns: Column<CostSum>[] = [
    { id: 'asset', name: t('home.cost.asset'), cell: (row) => <Link to={`/assets/${encodeURIComponent(row.asset)}`}>{row.asset}</Link> },
    { id: 'cost', name: t('home.cost.cost'), number: true, cell: (row) => money(row.total, row.currency) },
    {
      id: 'uses',
      name: t('home.cost.uses'),
      number: true,
      cell: (row) => {
        const count = uses.get(row.asset);
        if (count === undefined) return '–';
        return count === 0 ? <Mark tone="warn">{t('home.cost.unused')}</Mark> : numberText(count);
      },
    },
    {
      id: 'each',
      name: t('home.cost.each'),
      number: true,
      wide: true,
      cell: (row) => {
        const count = uses.get(row.asset);
        return count ? money(Number(row.total) / count, row.currency) : '–';
      },
    },
  ];
  return (
    <Card
      title={t('home.cost.assets')}
      flush
      acts={
        <ButtonLink to="/operate/costs" kind="quiet" small>
          {t('home.cost.all')}
        </ButtonLink>
      }
    >
      <Answer of={costs} tight>
        {() => (
          <Table
            label={t('home.cost.assets')}
            rows={rows}
            columns={columns}
            id={(row) => `${row.asset} ${row.currency}`}
            empty={
              <Empty tight icon="costs" title={t('home.cost.none')}>
                {t('home.cost.none.more')}
              </Empty>
            }
          />
        )}
      </Answer>
    </Card>
  );
}

/** A key or an alias leads to its page. */
function Subject({ of }: { of: Saving }) {
  const asset = of.rule.includes('ASSET') || ['BUILT_MORE_THAN_READ', 'WRITTEN_TWICE', 'SAME_SOURCE'].includes(of.rule);
  return asset ? <Link to={`/assets/${encodeURIComponent(of.subject)}`}>{of.subject}</Link> : <b>{of.subject}</b>;
}

function Savings() {
  const savings = useSavings();
  const found = savings.data?.savings ?? [];
  const sums = saveable(found);
  const seconds = savedSeconds(found);
  const total = [...sums.map((one) => money(one.micros, one.currency)), ...(seconds > 0 ? [durationText(seconds * 1000)] : [])];
  return (
    <Card title={t('home.savings')} count={found.length > 0 && total.length > 0 ? t('home.savings.sum', { sum: listText(total) }) : undefined} flush>
      <Answer of={savings} tight>
        {() =>
          found.length === 0 ? (
            <Empty tight icon="check" title={t('home.savings.none')}>
              {t('home.savings.none.more')}
            </Empty>
          ) : (
            <ul className={css.rows}>
              {found.slice(0, SHOWN).map((one) => (
                <li key={`${one.rule} ${one.subject} ${one.currency}`} className={css.row}>
                  <span className={css.name}>
                    <Subject of={one} />
                    <Mark>{named('home.saving', one.rule)}</Mark>
                  </span>
                  <span className={css.side}>
                    {one.saved ? money(one.saved, one.currency) : Number(one.savedSeconds) > 0 ? durationText(Number(one.savedSeconds) * 1000) : t('home.savings.open')}
                  </span>
                  <span lang="en" className={css.more} style={{ gridColumn: '1 / -1' }}>
                    {sentences(one.what, one.advice)}
                  </span>
                </li>
              ))}
            </ul>
          )
        }
      </Answer>
    </Card>
  );
}

export function CostCards({ scope }: { scope: Scope }) {
  return (
    <div className={css.costs}>
      <AssetCosts scope={scope} />
      <Savings />
    </div>
  );
}
