/** The pipeline as a graph that can be edited: tasks are chosen, connected by dragging, and edges are taken away. */
import { memo, useMemo, useState } from 'react';
import { t } from '../../../i18n';
import { Graph } from '../../../graph/Graph';
import type { Direction, GraphNode } from '../../../graph/types';
import { Button } from '../../../parts/Button';
import { Confirm } from '../../../parts/Dialog';
import { Icon } from '../../../parts/Icon';
import { Empty } from '../../../parts/states';
import { Status } from '../../../parts/Status';
import { connect, disconnect } from '../edit/links';
import type { Draft } from '../state/useDraft';
import { endsOf, type NodeData, type SceneOf } from './scene';
import css from './Canvas.module.css';

interface CanvasProps {
  scene: SceneOf;
  draft: Draft;
  chosen?: string;
  choose: (id: string | undefined) => void;
  addTask: (group?: string) => void;
  denied?: string;
  direction: Direction;
}

const Node = memo(function Node({ node }: { node: GraphNode<NodeData> }) {
  const { task, problems, status, job } = node.data;
  if (!task) return <div className={`${css.node} ${css.none}`}>{node.label}</div>;
  const fault = problems.errors > 0 ? 'bad' : problems.warnings > 0 ? 'warn' : undefined;
  return (
    <div className={`${css.node} ${fault ? css[fault] : ''} ${task.paused ? css.paused : ''}`} title={problems.first}>
      <div className={css.head}>
        <div className={css.name}>{node.label}</div>
        {task.condition && <span className={css.mark} />}
        {fault ? <Icon name={fault === 'bad' ? 'cross' : 'warning'} size={14} /> : status ? <Status of={status} words="" /> : task.paused && <Icon name="pause" size={14} />}
      </div>
      <div className={css.job}>{job}</div>
    </div>
  );
});

const draw = (node: GraphNode<NodeData>) => <Node node={node} />;

export function Canvas({ scene, draft, chosen, choose, addTask, denied, direction }: CanvasProps) {
  const [edge, setEdge] = useState<string>();
  const columns = useMemo(() => [{ id: 'job', name: t('builder.list.job'), width: 240, cell: (node: GraphNode<NodeData>) => node.data.job }], []);
  const [from, to] = edge ? endsOf(edge) : ['', ''];
  return (
    <>
      <Graph<NodeData>
        label={t('builder.graph.label')}
        nodes={scene.nodes}
        edges={scene.edges}
        groups={scene.groups}
        renderNode={draw}
        selected={chosen}
        onSelect={(id) => choose(id?.endsWith('\n') ? id.slice(0, -1) : id)}
        onSelectGroup={choose}
        onSelectEdge={denied === undefined ? setEdge : undefined}
        onConnect={denied === undefined ? (first, second) => draft.edit(t('builder.undo.connect'), (text) => connect(text, first.trimEnd(), second.trimEnd())) : undefined}
        direction={direction}
        columns={columns}
        acts={
          <Button small icon="plus" denied={denied} onClick={() => addTask()}>
            {t('builder.addTask')}
          </Button>
        }
        empty={
          <Empty
            title={t('builder.empty')}
            icon="graph"
            acts={
              <Button kind="primary" icon="plus" denied={denied} onClick={() => addTask()}>
                {t('builder.addTask')}
              </Button>
            }
          >
            {t('builder.empty.more')}
          </Empty>
        }
      />
      {edge && (
        <Confirm
          title={t('builder.edge.title')}
          act={t('builder.edge.act')}
          danger
          close={() => setEdge(undefined)}
          run={async () => void draft.edit(t('builder.undo.disconnect'), (text) => disconnect(text, from, to))}
        >
          <p>{t('builder.edge.more', { from, to })}</p>
        </Confirm>
      )}
    </>
  );
}
