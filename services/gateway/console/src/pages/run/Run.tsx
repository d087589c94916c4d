/** A run: how it stands and why, its parts as tabs, one task in a drawer. It lives by the events of the server. */
import { Suspense, useEffect, type ReactNode } from 'react';
import { useParams, useSearchParams } from 'react-router';
import { preloadGraph } from '../../graph/Graph';
import { t } from '../../i18n';
import { Code } from '../../parts/Code';
import { later } from '../../parts/later';
import { Page } from '../../parts/Page';
import { Failed, Loading } from '../../parts/states';
import { Status } from '../../parts/Status';
import { Tabs, type Tab } from '../../parts/Tabs';
import { ended } from '../../parts/status';
import { RunActs } from './acts/RunActs';
import { Connection } from './Connection';
import { Facts } from './Facts';
import { usePending } from './pending';
import { Travel } from './Travel';
import { useRunView, type RunView } from './useRunView';
import { Why } from './Why';
import css from './run.module.css';

const GraphTab = later(() => import('./GraphTab').then((made) => ({ default: made.GraphTab })));
const GanttTab = later(() => import('./GanttTab').then((made) => ({ default: made.GanttTab })));
const TasksTab = later(() => import('./TasksTab').then((made) => ({ default: made.TasksTab })));
const AssetsTab = later(() => import('./AssetsTab').then((made) => ({ default: made.AssetsTab })));
const TimelineTab = later(() => import('./TimelineTab').then((made) => ({ default: made.TimelineTab })));
const WaitingTab = later(() => import('./WaitingTab').then((made) => ({ default: made.WaitingTab })));
const TaskDrawer = later(() => import('./task/TaskDrawer').then((made) => ({ default: made.TaskDrawer })));

/** Chooses the task whose drawer is open, by its key; undefined closes it. */
export function useChosenTask(): [string | undefined, (key: string | undefined) => void] {
  const [query, setQuery] = useSearchParams();
  const choose = (key: string | undefined) =>
    setQuery((old) => {
      const next = new URLSearchParams(old);
      for (const name of ['part', 'attempt']) next.delete(name);
      if (key === undefined) next.delete('task');
      else next.set('task', key);
      return next;
    });
  return [query.get('task') ?? undefined, choose];
}

export function Run() {
  const id = useParams().id ?? '';
  const [query] = useSearchParams();
  const tab = query.get('tab') ?? 'graph';
  const { live, run, view } = useRunView(id, tab === 'gantt' || tab === 'timeline');
  // What the first tab needs comes while the server still answers.
  useEffect(() => {
    if (tab !== 'graph') return;
    void GraphTab.fetch();
    preloadGraph();
  }, [tab]);
  const pending = usePending(live);
  const [task, choose] = useChosenTask();
  if (!run) {
    return <Page title={t('run.one', { id: id.slice(0, 8) })}>{live.error && live.state === 'broken' ? <Failed error={live.error} /> : <Loading lines={8} />}</Page>;
  }
  return (
    <Page
      title={run.pipelineName}
      crumbs={[{ to: '/runs', name: t('run.title') }, { to: `/pipelines/${run.pipelineId}`, name: run.pipelineName }]}
      beside={
        <>
          <Status of={run.runStatus} chip />
          <Code short>{run.id}</Code>
        </>
      }
      about={view && <Why view={view} choose={choose} />}
      acts={<RunActs run={run} tasks={view?.tasks ?? []} groups={view?.definition.groups ?? []} pending={pending} />}
    >
      <Connection live={live} />
      <Facts run={run} tasks={live.version > 0 ? live.tasks : undefined} version={view?.version ?? 0} />
      {view ? <Parts view={view} choose={choose} /> : <Loading lines={8} />}
      {view && task !== undefined && (
        <Suspense fallback={null}>
          <TaskDrawer view={view} task={task} close={() => choose(undefined)} pending={pending} />
        </Suspense>
      )}
    </Page>
  );
}

function Parts({ view, choose }: { view: RunView; choose: (key: string | undefined) => void }) {
  const lazily = (panel: ReactNode, travels = false) => () => (
    <Suspense fallback={<Loading lines={6} />}>
      {travels && <Travel view={view} />}
      {panel}
    </Suspense>
  );
  const tabs: Tab[] = [
    { id: 'graph', name: t('run.tab.graph'), panel: lazily(<GraphTab view={view} choose={choose} />, true) },
    { id: 'gantt', name: t('run.tab.gantt'), panel: lazily(<GanttTab view={view} choose={choose} />, true) },
    { id: 'tasks', name: t('run.tab.tasks'), count: view.tasks.length, panel: lazily(<TasksTab view={view} choose={choose} />, true) },
    { id: 'assets', name: t('run.tab.assets'), panel: lazily(<AssetsTab view={view} />) },
    { id: 'timeline', name: t('run.tab.timeline'), panel: lazily(<TimelineTab view={view} choose={choose} />, true) },
    { id: 'waiting', name: t('run.tab.waiting'), panel: lazily(<WaitingTab view={view} choose={choose} />) },
  ];
  // What no longer waits says so where somebody looks at it, and offers nothing.
  const shown = ended(view.run.runStatus) ? tabs.filter((one) => one.id !== 'waiting') : tabs;
  return (
    <div className={css.parts}>
      <Tabs tabs={shown} label={t('run.tabs')} />
    </div>
  );
}
