/** The tasks of the run as a graph, live or as they stood. */
import { useCallback, useMemo, useRef } from 'react';
import { Graph } from '../../graph/Graph';
import type { ListColumn } from '../../graph/GraphList';
import type { GraphNode } from '../../graph/types';
import { named, t } from '../../i18n';
import { Icon } from '../../parts/Icon';
import { Empty } from '../../parts/states';
import { iconOf, toneOf } from '../../parts/status';
import { Duration } from '../../parts/Time';
import { nodesOf } from './model/graph';
import type { RunTask } from './model/tasks';
import type { RunView } from './useRunView';
import css from './run.module.css';

export function TaskNode({ task }: { task: RunTask }) {
  return (
    <div className={`${css.taskNode} ${css[toneOf(task.status)]}`}>
      <Icon name={iconOf(task.status)} size={16} spin={task.status === 'RUNNING'} />
      <span className={css.taskWords}>
        <span className={css.taskName} title={task.taskName}>
          {task.taskName}
        </span>
        <span className={css.taskMore}>
          {task.startedAt ? <Duration from={task.startedAt} to={task.completedAt} /> : named('parts.status', task.status)}
          {' · '}
          {task.integration}
        </span>
      </span>
    </div>
  );
}

const statusWords = (status: string) => named('parts.status', status);
const renderNode = (node: GraphNode<RunTask>) => <TaskNode task={node.data} />;

export function GraphTab({ view, choose }: { view: RunView; choose: (key: string | undefined) => void }) {
  const kept = useRef(new Map<string, GraphNode<RunTask>>());
  const nodes = useMemo(() => nodesOf(view.shown, view.shape, statusWords, kept.current), [view.shown, view.shape]);
  const keys = useMemo(() => new Map(nodes.map((node) => [node.id, node.data.key])), [nodes]);
  const select = useCallback((id: string | undefined) => id !== undefined && choose(keys.get(id)), [keys, choose]);
  const columns = useMemo(
    (): ListColumn<RunTask>[] => [
      { id: 'duration', name: t('run.duration'), width: 110, cell: ({ data }) => <Duration from={data.startedAt} to={data.completedAt} /> },
      { id: 'integration', name: t('run.task.integration'), width: 140, cell: ({ data }) => data.integration },
    ],
    [],
  );
  return (
    <div className={css.canvas}>
      <Graph label={t('run.graph')} nodes={nodes} edges={view.shape.edges} groups={view.shape.groups} renderNode={renderNode} onSelect={select} columns={columns} empty={<Empty title={t('run.graph.empty')} />} />
    </div>
  );
}
