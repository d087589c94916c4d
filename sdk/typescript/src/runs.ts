// Runs and task runs of all pipelines.

import { MetadataService, type Run as RunRow, type TaskRun } from "./gen/metadata/v1/metadata_pb.js";
import { DownbeatError } from "./errors.js";
import { rows } from "./pages.js";
import { Run } from "./run.js";
import type { Transport } from "./transport.js";
import { micros } from "./values.js";

/** Which runs: a filter fits what has one of its values, an empty one everything; created in [since, until). */
export interface RunFilter {
  /** Id or alias. */
  pipeline?: string;
  statuses?: string[];
  environments?: string[];
  since?: Date;
  until?: Date;
}

/** Which task runs, in the same way. */
export interface TaskFilter {
  runId?: string;
  statuses?: string[];
  integrations?: string[];
  since?: Date;
  until?: Date;
}

/** `client.runs`. */
export class Runs {
  readonly #transport: Transport;

  constructor(transport: Transport) {
    this.#transport = transport;
  }

  /** A run by its whole id. NotFound, if there is none. */
  async get(runId: string): Promise<Run> {
    const { run } = await this.#transport.call(MetadataService.method.getRun, { runId });
    if (run === undefined) throw new DownbeatError(`the server's answer has no run ${runId}: it is of another version`);
    return new Run(this.#transport, run.id);
  }

  /** Runs, newest first, page by page. */
  list(filter: RunFilter & { pageSize?: number } = {}): AsyncGenerator<RunRow, void, undefined> {
    const request = { ...chosen(filter), pageSize: filter.pageSize ?? 0 };
    return rows(this.#transport, MetadataService.method.listRuns, request, (page) => page.runs);
  }

  /** How many there are. OutOfRange where that would be too many to count: narrow the filters. */
  async count(filter: RunFilter = {}): Promise<number> {
    const request = { ...chosen(filter), pageSize: 1, count: true };
    return Number((await this.#transport.call(MetadataService.method.listRuns, request)).total ?? 0n);
  }

  /** Task runs over all runs, or of one: those of newer runs first. */
  tasks(filter: TaskFilter & { pageSize?: number } = {}): AsyncGenerator<TaskRun, void, undefined> {
    const { runId = "", statuses = [], integrations = [], since, until, pageSize = 0 } = filter;
    const request = { runId, statuses, integrations, from: micros(since), to: micros(until), pageSize };
    return rows(this.#transport, MetadataService.method.listTaskRuns, request, (page) => page.taskRuns);
  }
}

function chosen({ pipeline = "", statuses = [], environments = [], since, until }: RunFilter) {
  return { pipeline, statuses, environments, from: micros(since), to: micros(until) };
}
