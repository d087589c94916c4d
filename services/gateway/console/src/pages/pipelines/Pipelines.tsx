/** The list of pipelines: searched, filtered by owner, tag and state (all in the URL), with their last runs and what comes next. */
import { useMemo } from 'react';
import { Link, useSearchParams } from 'react-router';
import { useDenied } from '../../api/me';
import { useOwned, type Owned } from '../../api/owners';
import { usePipelines, type Pipeline } from '../../api/pipelines';
import { t } from '../../i18n';
import { ButtonLink } from '../../parts/Button';
import { Search, Select } from '../../parts/Field';
import { Card, Page, Tag } from '../../parts/Page';
import { Answer, Empty, given, Lacking } from '../../parts/states';
import { Mark, Status } from '../../parts/Status';
import { Table, type Column } from '../../parts/Table';
import { Time } from '../../parts/Time';
import { LastRuns, NextFiring } from './cells';
import { STATES, tagsOf, wanted, type Wanted } from './list';
import { PipelineMenu } from './PipelineMenu';
import css from './Pipelines.module.css';

/** Tags beside a name; the others are on the pipeline's page. */
const TAGS_SHOWN = 4;

const NONE = new Map<string, Owned>();

/** `owned` is undefined as long as nobody knows; `unknown` stands there then. */
function columnsFor(owned: Map<string, Owned> | undefined, unknown: string): Column<Pipeline>[] {
  return [
    {
      id: 'name',
      name: t('pipelines.name'),
      by: (row) => row.name,
      cell: (row) => (
        <div className={css.name}>
          <Link to={`/pipelines/${row.id}`}>{row.name}</Link>
          <span className={css.sub}>
            {row.alias}
            {row.paused && <Mark tone="warn" icon="pause">{t('pipelines.paused')}</Mark>}
            {row.publishedVersionNumber == null && <Mark>{t('pipelines.draft')}</Mark>}
            {row.syncFailure && <Mark tone="bad" icon="branch">{t('pipelines.syncFails')}</Mark>}
            {tagsOf(owned?.get(row.id)).slice(0, TAGS_SHOWN).map((tag) => (
              <Tag key={tag}>{tag}</Tag>
            ))}
          </span>
        </div>
      ),
    },
    { id: 'owner', name: t('pipelines.owner'), wide: true, by: (row) => owned?.get(row.id)?.owner || undefined, cell: (row) => (owned ? owned.get(row.id)?.owner || '–' : <span className={css.muted}>{unknown}</span>) },
    {
      id: 'status',
      name: t('pipelines.last'),
      by: (row) => row.latestRunCreatedAt ?? undefined,
      cell: (row) =>
        row.latestRunId && row.latestRunStatus ? (
          <div className={css.last}>
            <Link to={`/runs/${row.latestRunId}`}>
              <Status of={row.latestRunStatus} />
            </Link>
            <span className={css.muted}>
              <Time at={row.latestRunCreatedAt} />
            </span>
          </div>
        ) : (
          <span className={css.muted}>{t('pipelines.never')}</span>
        ),
    },
    { id: 'runs', name: t('pipelines.lastRuns'), wide: true, cell: (row) => <LastRuns of={row} /> },
    { id: 'next', name: t('pipelines.next'), wide: true, cell: (row) => (owned || row.paused ? <NextFiring of={row} schedules={owned?.get(row.id)?.schedules} /> : <span className={css.muted}>{unknown}</span>) },
    { id: 'tasks', name: t('pipelines.tasks'), number: true, wide: true, by: (row) => row.numTasks, cell: (row) => row.numTasks },
    { id: 'acts', name: t('parts.actions'), quiet: true, tight: true, cell: (row) => <PipelineMenu of={row} small /> },
  ];
}

export function Pipelines() {
  const pipelines = usePipelines();
  const [query, setQuery] = useSearchParams();
  const all = useMemo(() => pipelines.data ?? [], [pipelines.data]);
  const answer = useOwned();
  const owned = answer.data ?? NONE;
  const columns = useMemo(() => columnsFor(answer.data, answer.isError ? t('parts.unknown') : '…'), [answer.data, answer.isError]);
  const denied = useDenied('EDITOR', 'account');
  const asked: Wanted = { text: query.get('q') ?? '', owner: query.get('owner') ?? '', tag: query.get('tag') ?? '', state: query.get('state') ?? '' };
  const set = (name: string, value: string) =>
    setQuery(
      (old) => {
        const next = new URLSearchParams(old);
        if (value) next.set(name, value);
        else next.delete(name);
        next.delete('page');
        return next;
      },
      { replace: true },
    );
  const { text, owner, tag, state } = asked;
  const shown = useMemo(() => wanted(all, owned, { text, owner, tag, state }), [all, owned, text, owner, tag, state]);
  const owners = [...new Set([...[...owned.values()].map((one) => one.owner), asked.owner].filter(Boolean))].sort();
  const tags = [...new Set([...[...owned.values()].flatMap(tagsOf), asked.tag].filter(Boolean))].sort();
  // What is not known to be somebody's is not known to be nobody's.
  const list = owner === '' && tag === '' ? pipelines : given(pipelines, answer);
  const choices = (every: string, values: string[]) => [{ value: '', name: every }, ...values.map((value) => ({ value, name: value }))];
  return (
    <Page
      title={t('pipelines.title')}
      acts={
        !denied && (
          <ButtonLink to="/builder" kind="primary" icon="plus">
            {t('pipelines.new')}
          </ButtonLink>
        )
      }
    >
      <div className={css.bar}>
        <Search label={t('pipelines.search')} value={asked.text} search={(text) => set('q', text)} />
        <Select
          aria-label={t('pipelines.state')}
          value={asked.state}
          choices={[{ value: '', name: t('pipelines.state.all') }, ...STATES.map((state) => ({ value: state, name: t(`pipelines.state.${state}`) }))]}
          choose={(state) => set('state', state)}
        />
        <Select aria-label={t('pipelines.owner')} value={asked.owner} choices={choices(t('shell.scope.everybody'), owners)} choose={(owner) => set('owner', owner)} />
        <Select aria-label={t('pipelines.tag')} value={asked.tag} choices={choices(t('pipelines.tag.all'), tags)} choose={(tag) => set('tag', tag)} />
        <span className={css.muted} role="status">
          {list.data && t('pipelines.count', { shown: shown.length, all: all.length })}
        </span>
      </div>
      {answer.isError && <Lacking what="pipelines.owners.unknown" error={answer.error} />}
      <Card flush>
        <Answer of={list} lines={8}>
          {() => (
            <Table
              label={t('pipelines.title')}
              rows={shown}
              columns={columns}
              id={(row) => row.id}
              to={(row) => `/pipelines/${row.id}`}
              sort="sort"
              size={50}
              empty={
                all.length === 0 ? (
                  <Empty icon="pipelines" title={t('pipelines.none')}>
                    {t('pipelines.none.more')}
                  </Empty>
                ) : (
                  <Empty icon="search" title={t('pipelines.noneFits')}>
                    {t('pipelines.noneFits.more')}
                  </Empty>
                )
              }
            />
          )}
        </Answer>
      </Card>
    </Page>
  );
}
