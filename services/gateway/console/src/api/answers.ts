/** The two questions that the server answers by itself: what is happening, and what is broken (docs/answers.md). */
import { useQuery } from '@tanstack/react-query';
import { get } from './client';
import { POLL } from './query';

export interface Evidence {
  kind: string;
  id: string;
  sequence: number;
  at: string | null;
}
/** A sentence, the rule that it follows from, and what it rests on. */
export interface Statement {
  rule: string;
  text: string;
  evidence: Evidence[];
}
export interface NowRun {
  id: string;
  pipelineId: string;
  pipelineName: string;
  pipelineAlias: string;
  status: string;
  createdAt: string | null;
  startedAt: string | null;
  tasks: number;
  environment: string;
}
export interface LiveRun {
  run: NowRun;
  started: Statement | null;
  done: number;
  running: number;
  waiting: number;
  /** False: it has too many tasks to count them each time. */
  counted: boolean;
}
export interface Waiting {
  kind: string;
  runId: string;
  pipelineAlias: string;
  /** Empty: the run as a whole. */
  task: string;
  since: string | null;
  until: string | null;
  why: Statement | null;
}
export interface NextFiring {
  pipelineId: string;
  pipelineAlias: string;
  schedule: string;
  at: string;
}
export interface Happening {
  now: string;
  runs: LiveRun[];
  moreRuns: number;
  waiting: Waiting[];
  moreWaiting: number;
  late: Statement[];
  moreLate: number;
  next: NextFiring[];
  moreNext: number;
  windows: Statement[];
  moreWindows: number;
  backfills: Statement[];
  moreBackfills: number;
}

export interface Reach {
  sum: number;
  skippedTasks: number;
  skipped: string[];
  assetCount: number;
  assets: string[];
  exposures: string[];
  owners: string[];
  consumers: string[];
  followers: string[];
  truncated: boolean;
}
export interface BrokenGroup {
  kind: 'FAILURE' | 'CHECK' | 'BREACH' | 'ALERT' | 'BUDGET' | 'QUARANTINE';
  class: string;
  what: Statement | null;
  remedy: string;
  commands: string[];
  since: string | null;
  history: Statement | null;
  failures: number;
  explains: Statement[];
  moreExplained: number;
  changes: Statement[];
  reach: Reach | null;
  runId: string;
  pipelineAlias: string;
  task: string;
}
export interface Broken {
  now: string;
  groups: BrokenGroup[];
  moreGroups: number;
  failingPipelines: number;
}

export const useHappening = () =>
  useQuery({ queryKey: ['now'], queryFn: ({ signal }) => get<Happening>('/now', { limit: 50 }, signal), refetchInterval: POLL.quick });

export const useBroken = () =>
  useQuery({ queryKey: ['broken'], queryFn: ({ signal }) => get<Broken>('/broken', { limit: 25 }, signal), refetchInterval: POLL.usual });
