// How a run ended, and what a sum of costs is: small values over the messages of the wire. Pure.

import { equals } from "@bufbuild/protobuf";
import type { CostSum } from "./gen/metadata/v1/cost_pb.js";
import { type Run, RunSchema, type TaskRun, TaskRunSchema, type WatchRunResponse } from "./gen/metadata/v1/metadata_pb.js";
import { amount, fromJson } from "./values.js";

/** Statuses of runs and tasks that nothing changes any more. */
const ENDED: ReadonlySet<string> = new Set(["SUCCEEDED", "WARNING", "FAILED", "SKIPPED", "CANCELLED"]);
const WELL: ReadonlySet<string> = new Set(["SUCCEEDED", "WARNING", "SKIPPED"]);

/** Id of the task, with its iteration in brackets: `load`, `load[eu]`. */
export function nameOf(task: TaskRun): string {
  return task.iteration === "" ? task.taskId : `${task.taskId}[${task.iteration}]`;
}

/** A run with its tasks, as they were when it was looked at. */
export class RunResult {
  /** By id, iterations as `load[eu]`, in the order of the plan. */
  readonly tasks: ReadonlyMap<string, TaskRun>;

  constructor(
    readonly run: Run,
    tasks: Iterable<TaskRun>,
  ) {
    const inOrder = [...tasks].sort((a, b) => a.index - b.index);
    this.tasks = new Map(inOrder.map((task) => [nameOf(task), task]));
  }

  get id(): string {
    return this.run.id;
  }

  /** CREATED, QUEUED, RUNNING, CANCELLING; SUCCEEDED, WARNING, FAILED, SKIPPED or CANCELLED. */
  get status(): string {
    return this.run.status;
  }

  get ended(): boolean {
    return ENDED.has(this.status);
  }

  /** It ended, and neither failed nor was cancelled. */
  get ok(): boolean {
    return WELL.has(this.status);
  }

  /** Tasks that failed. */
  get failed(): TaskRun[] {
    return [...this.tasks.values()].filter((task) => task.status === "FAILED");
  }

  /** What a task has set for others. */
  outputs(task: string): Record<string, unknown> {
    const found = this.tasks.get(task);
    if (found === undefined) {
      throw new RangeError(`run ${this.id} has no task ${task}; it has ${[...this.tasks.keys()].join(", ") || "none"}`);
    }
    return (fromJson(found.outputs) ?? {}) as Record<string, unknown>;
  }
}

/** A run at one moment, and those of its tasks that have changed; in the first change all of them. */
export interface RunChange {
  readonly run: Run;
  readonly changed: readonly TaskRun[];
}

/** Puts together what a watch says. What it is told twice, as after a break of the connection, is a change only once. */
export class Watched {
  run: Run | undefined;
  readonly #tasks = new Map<string, TaskRun>();

  /** Undefined: nothing is new. */
  take(answer: WatchRunResponse): RunChange | undefined {
    const run = answer.run;
    if (run === undefined) return undefined;
    const changed = answer.taskRuns.filter((task) => {
      const known = this.#tasks.get(task.id);
      return known === undefined || !equals(TaskRunSchema, known, task);
    });
    const same = this.run !== undefined && equals(RunSchema, this.run, run);
    this.run = run;
    for (const task of changed) this.#tasks.set(task.id, task);
    return same && changed.length === 0 ? undefined : { run, changed };
  }

  /** What has been seen; undefined: no answer came. */
  get result(): RunResult | undefined {
    return this.run && new RunResult(this.run, this.#tasks.values());
  }
}

/** What `wait({ progress: true })` does: a line per change, to standard error. */
export function printProgress({ run, changed }: RunChange): void {
  for (const task of changed) console.error(`${nameOf(task)}: ${task.status}${task.message === "" ? "" : ` (${task.message})`}`);
  if (ENDED.has(run.status)) console.error(`run ${run.id}: ${run.status}`);
}

/**
 * A sum. Texts are empty where it was not grouped by them, or nobody said. Amounts are exact decimal numbers with six digits behind the point;
 * those of two currencies are never added.
 */
export interface Cost {
  readonly pipeline: string;
  readonly task: string;
  readonly asset: string;
  readonly owner: string;
  readonly unit: string;
  readonly integration: string;
  /** First day of the day, week or month: 2026-11-27. */
  readonly since: string;
  readonly currency: string;
  /** What was estimated and is not billed yet. */
  readonly estimated: string;
  readonly billed: string;
  /** Both together. */
  readonly total: string;
  readonly entries: bigint;
}

/** Exact amounts instead of millionths. */
export function costOf(row: CostSum): Cost {
  const { task, asset, owner, unit, integration, since, currency, entries } = row;
  const [estimated, billed, total] = [amount(row.estimated), amount(row.billed), amount(row.total)];
  const pipeline = row.pipeline || row.pipelineId;
  return { pipeline, task, asset, owner, unit, integration, since, currency, estimated, billed, total, entries };
}

/** Bytes in pieces become lines of text. A line is given out once it is whole, or about 1 MiB long. */
export class Lines {
  static readonly CHARACTERS_MAX = 1024 * 1024;
  readonly #decoder = new TextDecoder();
  #open = "";

  /** The lines that are whole now, without their ends. */
  take(data: Uint8Array): string[] {
    const whole = (this.#open + this.#decoder.decode(data, { stream: true })).split("\n");
    this.#open = whole.pop() ?? "";
    while (this.#open.length > Lines.CHARACTERS_MAX) {
      whole.push(this.#open.slice(0, Lines.CHARACTERS_MAX));
      this.#open = this.#open.slice(Lines.CHARACTERS_MAX);
    }
    return whole.map((line) => (line.endsWith("\r") ? line.slice(0, -1) : line));
  }

  /** The last line, if it has no end. */
  rest(): string[] {
    const last = this.#open + this.#decoder.decode();
    this.#open = "";
    return last === "" ? [] : [last];
  }
}
