/** The tasks of a pipeline as a graph: what each one is, and what it waits for. */
import { useMemo } from 'react';
import { useNavigate } from 'react-router';
import type { UseQueryResult } from '@tanstack/react-query';
import { Graph } from '../../graph/Graph';
import type { GraphNode } from '../../graph/types';
import type { Pipeline } from '../../api/pipelines';
import { t } from '../../i18n';
import { Icon } from '../../parts/Icon';
import { Answer, Empty } from '../../parts/states';
import type { Definition, Task } from './definition';
import { graphOf } from './graph';
import { Tasks } from './Tasks';
import css from './TaskGraph.module.css';

const renderNode = ({ label, words }: GraphNode<Task>) => (
  <div className={css.node}>
    <Icon name="dot" />
    <span className={css.words}>
      <span className={css.name} title={label}>
        {label}
      </span>
      <span className={css.job}>{words}</span>
    </span>
  </div>
);

function Drawn({ of, definition }: { of: Pipeline; definition: Definition }) {
  const { nodes, edges, groups } = useMemo(() => graphOf(definition), [definition]);
  const navigate = useNavigate();
  const open = (id: string | undefined) => id !== undefined && void navigate(`/pipelines/${of.id}/edit?task=${encodeURIComponent(id)}`);
  return (
    <div className={css.canvas}>
      <Graph
        label={t('pipelines.tasks')}
        nodes={nodes}
        edges={edges}
        groups={groups}
        renderNode={renderNode}
        onSelect={open}
        onSelectGroup={(id) => open(id.replace(/^group:/, ''))}
        empty={
          <Empty icon="graph" title={t('pipelines.tasks.none')}>
            {t('pipelines.tasks.none.more')}
          </Empty>
        }
      />
    </div>
  );
}

export function TaskGraph({ of, definition }: { of: Pipeline; definition: UseQueryResult<Definition> }) {
  return (
    <div className={css.stack}>
      <Answer of={definition} lines={8}>
        {(known) => <Drawn of={of} definition={known} />}
      </Answer>
      <Tasks of={definition} />
    </div>
  );
}
