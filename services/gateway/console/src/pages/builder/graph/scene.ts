/** A pipeline as nodes, edges and frames: as the text says it, with what the server found and how a run of it stands. */
import type { Diagnostic } from '../../../api/source';
import { named, t } from '../../../i18n';
import type { GraphEdge, GraphGroup, GraphNode } from '../../../graph/types';
import { toneOf, type Tone } from '../../../parts/status';
import { sameId, type EntryOf, type PipelineOf, type TaskOf } from '../edit/pipeline';

export interface NodeData {
  /** None: it stands for a group without tasks. */
  task?: TaskOf;
  group?: string;
  problems: Problems;
  status?: string;
  job: string;
}
export interface Problems {
  errors: number;
  warnings: number;
  first?: string;
}
export const NO_PROBLEMS: Problems = { errors: 0, warnings: 0 };

/** The ids at a place of the document: `pipeline.load.tasks.copy.parameters` is of the task `copy`. */
export function ownerOf(pipeline: PipelineOf, path: string): string | undefined {
  // Ids may hold dots: the longest that fits counts.
  let found: { id: string; length: number } | undefined;
  const look = (entry: EntryOf) => {
    const own = entry.path.map((step) => (/^[\w-]+$/.test(String(step)) ? String(step) : `"${String(step)}"`));
    for (const text of [entry.path.join('.'), own.join('.')]) {
      if (path !== text && !path.startsWith(`${text}.`) && !path.startsWith(`${text}[`)) continue;
      if (!found || text.length > found.length) found = { id: entry.id, length: text.length };
    }
  };
  for (const entry of pipeline.entries) {
    look(entry);
    if (entry.kind === 'group') entry.tasks.forEach(look);
  }
  return found?.id;
}

/** What was found, by the id of the task or group that it is about. */
export function problemsOf(pipeline: PipelineOf, diagnostics: readonly Diagnostic[]): Map<string, Problems> {
  const out = new Map<string, Problems>();
  for (const one of diagnostics) {
    if (one.severity === 'NOTE') continue;
    const id = ownerOf(pipeline, one.path);
    if (id === undefined) continue;
    const now = out.get(id) ?? NO_PROBLEMS;
    out.set(id, {
      errors: now.errors + (one.severity === 'ERROR' ? 1 : 0),
      warnings: now.warnings + (one.severity === 'WARNING' ? 1 : 0),
      first: now.first ?? one.message,
    });
  }
  return out;
}

const toneFor = ({ errors, warnings }: Problems, task: TaskOf | undefined, status: string | undefined): Tone =>
  errors > 0 ? 'bad' : status ? toneOf(status) : warnings > 0 || task?.paused ? 'warn' : 'idle';

function wordsFor({ errors, warnings }: Problems, task: TaskOf | undefined, status: string | undefined): string {
  if (errors > 0) return t('builder.node.errors', { count: errors });
  if (status) return named('parts.status', status);
  if (task?.paused) return t('builder.node.paused');
  if (warnings > 0) return t('builder.node.warnings', { count: warnings });
  return t('builder.node.fine');
}

export interface SceneOf {
  nodes: GraphNode<NodeData>[];
  edges: GraphEdge[];
  groups: GraphGroup[];
}

export interface JobNames {
  (integration: string, job: string): string;
}

export function sceneOf(pipeline: PipelineOf, problems: ReadonlyMap<string, Problems>, statuses: ReadonlyMap<string, string>, nameOf: JobNames): SceneOf {
  const nodes: GraphNode<NodeData>[] = [];
  const edges: GraphEdge[] = [];
  const groups: GraphGroup[] = [];
  const add = (task: TaskOf) => {
    const own = problems.get(task.id) ?? NO_PROBLEMS;
    const status = statuses.get(task.id);
    nodes.push({
      id: task.id,
      label: task.name || task.id,
      tone: toneFor(own, task, status),
      words: wordsFor(own, task, status),
      group: task.group,
      width: 212,
      height: 52,
      data: { task, problems: own, status, job: nameOf(task.integration, task.job) },
    });
  };
  const link = (entry: EntryOf, around: readonly EntryOf[]) => {
    for (const id of entry.dependsOn) {
      const from = around.find((one) => sameId(one.id, id));
      if (from && from.id !== entry.id) edges.push({ id: `${from.id}\n${entry.id}`, from: from.id, to: entry.id });
    }
  };
  for (const entry of pipeline.entries) {
    link(entry, pipeline.entries);
    if (entry.kind === 'task') {
      add(entry);
      continue;
    }
    const own = problems.get(entry.id);
    const marks = [entry.matrix && t('builder.node.matrix'), entry.paused && t('builder.node.paused'), own?.errors && t('builder.node.errors', { count: own.errors })];
    groups.push({ id: entry.id, label: entry.name || entry.id, words: marks.filter(Boolean).join(' · ') || undefined, tone: own && own.errors > 0 ? 'bad' : undefined });
    if (entry.tasks.length === 0) {
      nodes.push({ id: `${entry.id}\n`, label: t('builder.node.empty'), tone: 'idle', words: t('builder.node.empty'), group: entry.id, width: 180, height: 44, data: { group: entry.id, problems: NO_PROBLEMS, job: '' } });
    }
    for (const task of entry.tasks) {
      add(task);
      link(task, entry.tasks);
    }
  }
  return { nodes, edges, groups };
}

/** The ends of an edge, as its id says them. */
export const endsOf = (edge: string): [string, string] => {
  const [from = '', to = ''] = edge.split('\n');
  return [from, to];
};
