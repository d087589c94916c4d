/**
 * A graph that people look at: nodes and edges in layers, frames around groups. It pans and zooms, by the keyboard as
 * well; a search leads to a node; what is in sight is drawn as parts of the page while it can be read, else as coloured
 * marks on a canvas. Beside it stands the same as a list. 10,000 nodes stay fluid. Knows not what nodes stand for.
 */
import { Suspense, useMemo, type ReactNode } from 'react';
import { useSearchParams } from 'react-router';
import { t } from '../i18n';
import { later } from '../parts/later';
import { Loading } from '../parts/states';
import type { ListColumn } from './GraphList';
import { GraphList } from './GraphList';
import { GraphLegend } from './GraphLegend';
import type { Direction, GraphEdge, GraphGroup, GraphNode } from './types';
import css from './Graph.module.css';

// Whoever only reads the list needs neither the drawing nor what it is made with.
const Drawing = later(() => import('./Drawing').then((made) => ({ default: made.Drawing })));

/** Fetches what drawing needs, for pages that know that they will draw. */
export function preloadGraph(): void {
  void Drawing.fetch();
  void import('./worker').then((made) => made.warm());
}

export interface GraphProps<Data> {
  /** What the graph shows, for those who hear it. */
  label: string;
  nodes: readonly GraphNode<Data>[];
  edges: readonly GraphEdge[];
  groups?: readonly GraphGroup[];
  /** What stands in a node, of the node's size. */
  renderNode: (node: GraphNode<Data>, selected: boolean) => ReactNode;
  /** Of a node or a group. */
  selected?: string;
  /** The node that was chosen; undefined = the ground was. */
  onSelect?: (id: string | undefined) => void;
  /** The frame of a group was chosen: without it frames are ground like the rest. */
  onSelectGroup?: (id: string) => void;
  onSelectEdge?: (id: string) => void;
  /** An edge was drawn from one node to another: without it none can be. */
  onConnect?: (from: string, to: string) => void;
  direction?: Direction;
  /** Ids of nodes (and groups) that are shown clearly; all others are faint. */
  lit?: ReadonlySet<string>;
  /** Columns of the list beside name, status and what a node follows. */
  columns?: ListColumn<Data>[];
  /** Name of the parameter in the URL that says whether the list is shown. */
  param?: string;
  /** What else stands in the bar. */
  acts?: ReactNode;
  /** What stands where there is no node. */
  empty?: ReactNode;
}

/** Pixels of a window that is higher than it is wide: long chains have more room downwards. */
const NARROW = 720;

const NO_GROUPS: readonly GraphGroup[] = [];

export function Graph<Data>({ groups = NO_GROUPS, direction = innerWidth < NARROW ? 'down' : 'right', param = 'view', ...props }: GraphProps<Data>) {
  const [query, setQuery] = useSearchParams();
  const list = query.get(param) === 'list';
  const change = useMemo(
    () => (next: 'list' | 'graph') =>
      setQuery(
        (old) => {
          const changed = new URLSearchParams(old);
          if (next === 'list') changed.set(param, 'list');
          else changed.delete(param);
          return changed;
        },
        { replace: true },
      ),
    [param, setQuery],
  );
  if (props.nodes.length === 0 && groups.length === 0 && props.empty) return <>{props.empty}</>;
  return (
    <section className={css.graph} aria-label={props.label}>
      {list ? (
        <GraphList {...props} groups={groups} change={change} />
      ) : (
        <Suspense fallback={<Loading lines={6} />}>
          <Drawing {...(props as unknown as GraphProps<unknown>)} groups={groups} direction={direction} change={change} />
        </Suspense>
      )}
      <GraphLegend nodes={props.nodes} label={t('graph.legend')} />
    </section>
  );
}
