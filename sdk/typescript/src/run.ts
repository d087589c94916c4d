// A run: waiting, its log, why it is as it is, and what may be done to it.

import { type ExplainWaitingResponse, ControlService } from "./gen/control/v1/control_pb.js";
import { type Explanation, type GetRunLineageResponse, type Operation, type TaskRun, MetadataService } from "./gen/metadata/v1/metadata_pb.js";
import { DeadlineExceeded, DownbeatError, RunFailed, WaitTimeout } from "./errors.js";
import { rows } from "./pages.js";
import { Lines, printProgress, type RunChange, RunResult, Watched } from "./results.js";
import type { Transport } from "./transport.js";
import { type JsonObject, toJson } from "./values.js";

/** A task: its id, `id[2]` for iteration 2 of a matrix (from 0), or its task run. */
export type Task = string | TaskRun;

/** How `wait` waits. */
export interface WaitOptions {
  /** Called with every change; true prints them. */
  progress?: boolean | ((change: RunChange) => void);
  /** After so long: WaitTimeout, and the run goes on. */
  timeoutMs?: number;
  /** A run that did not end well is RunFailed. */
  check?: boolean;
}

/** What `restart` runs again: what failed and what follows from it, if nothing else is said. At most one of the first three. */
export interface RestartOptions {
  /** All of it. */
  all?: boolean;
  /** These tasks or groups, and what follows from them. */
  fromTasks?: readonly string[];
  /** These tasks or groups alone. */
  onlyTasks?: readonly string[];
  /** Inputs that differ. */
  inputs?: JsonObject;
  idempotencyKey?: string;
}

/** A handle of a run: it has an id and asks the server for everything else. */
export class Run {
  readonly #transport: Transport;

  /**
   * @param id the whole id
   * @param existed of a start: the idempotency key was seen before, and this is the run of then
   */
  constructor(
    transport: Transport,
    readonly id: string,
    readonly existed = false,
  ) {
    this.#transport = transport;
  }

  /** The run with its tasks as they are now. */
  async get(): Promise<RunResult> {
    const { run, taskRuns } = await this.#transport.call(MetadataService.method.getRun, { runId: this.id });
    if (run === undefined) throw new DownbeatError(`the server's answer has no run ${this.id}: it is of another version`);
    return new RunResult(run, taskRuns);
  }

  /**
   * The run now and after every change, until it has ended. Goes on where the connection breaks. After `timeoutMs`: DeadlineExceeded.
   */
  async *watch(options: { timeoutMs?: number } = {}): AsyncGenerator<RunChange, void, undefined> {
    yield* this.#changes(new Watched(), options.timeoutMs);
  }

  /** Waits until it has ended. */
  async wait(options: WaitOptions = {}): Promise<RunResult> {
    const { progress = false, timeoutMs, check = false } = options;
    const tell = progress === true ? printProgress : progress || undefined;
    const seen = new Watched();
    try {
      for await (const change of this.#changes(seen, timeoutMs)) tell?.(change);
    } catch (error) {
      if (timeoutMs === undefined || !(error instanceof DeadlineExceeded)) throw error;
      throw new WaitTimeout(this.id, seen.run?.status ?? "", timeoutMs);
    }
    const result = seen.result;
    if (!result?.ended) throw new DownbeatError(`the server ended the watch of run ${this.id} before the run has ended`);
    if (check && !result.ok) throw new RunFailed(result);
    return result;
  }

  async *#changes(seen: Watched, timeoutMs: number | undefined): AsyncGenerator<RunChange, void, undefined> {
    const asked = { runId: this.id };
    for await (const answer of this.#transport.stream(MetadataService.method.watchRun, () => asked, timeoutMs)) {
      const change = seen.take(answer);
      if (change !== undefined) yield change;
    }
  }

  /** Stops it. Gives the status right after: CANCELLING, or CANCELLED when nothing was running. */
  async cancel(reason = ""): Promise<string> {
    return (await this.#transport.call(ControlService.method.cancelRun, { runId: this.id, reason })).status;
  }

  /** Runs it again, as a new run. */
  async restart(options: RestartOptions = {}): Promise<Run> {
    const { all = false, fromTasks = [], onlyTasks = [], inputs, idempotencyKey = "" } = options;
    if (Number(all) + Number(fromTasks.length > 0) + Number(onlyTasks.length > 0) > 1) {
      throw new TypeError("all, fromTasks, onlyTasks: one of them");
    }
    const parts = fromTasks.length > 0 ? "RESTART_FROM_TASKS" : onlyTasks.length > 0 ? "RESTART_FROM_SELECTED" : undefined;
    const answer = await this.#transport.call(ControlService.method.restartRun, {
      runId: this.id,
      mode: parts ?? (all ? "RESTART_ALL" : "RESTART_FROM_FAILED"),
      taskIds: [...fromTasks, ...onlyTasks],
      inputs: toJson(inputs),
      idempotencyKey,
    });
    return new Run(this.#transport, answer.runId, answer.existed);
  }

  /**
   * Lines of the log of an attempt, without their ends; attempt 0 = the last one. With `follow` it goes on until the attempt has ended.
   */
  async *logs(task: Task, options: { follow?: boolean; attempt?: number } = {}): AsyncGenerator<string, void, undefined> {
    const asked = { runId: this.id, task: named(task), follow: options.follow ?? false, attempt: options.attempt ?? 0, offset: 0n };
    const lines = new Lines();
    for await (const piece of this.#transport.stream(MetadataService.method.readTaskLog, () => asked)) {
      // If it breaks, it goes on behind this, in the same attempt.
      asked.offset = piece.offset + BigInt(piece.data.length);
      asked.attempt = piece.attempt;
      yield* lines.take(piece.data);
    }
    yield* lines.rest();
  }

  /** Why it, or one of its tasks, went as it did: its events in words, in their order. */
  async why(task: Task = ""): Promise<Explanation[]> {
    return (await this.#transport.call(MetadataService.method.explainRun, { runId: this.id, task: named(task) })).explanations;
  }

  /** What it, or one of its tasks, waits for at this moment. */
  async waiting(task: Task = ""): Promise<ExplainWaitingResponse> {
    return this.#transport.call(ControlService.method.explainWaiting, { runId: this.id, task: named(task) });
  }

  /** The assets as this run left them, and which came of which. */
  async lineage(): Promise<GetRunLineageResponse> {
    return this.#transport.call(MetadataService.method.getRunLineage, { runId: this.id });
  }

  /** What it did inside other systems: models, queries, syncs, tests. */
  operations(options: { pageSize?: number } = {}): AsyncGenerator<Operation, void, undefined> {
    const request = { runId: this.id, pageSize: options.pageSize ?? 0 };
    return rows(this.#transport, MetadataService.method.listOperations, request, (page) => page.operations);
  }

  /** Lets an approval pass. Gives the status of the task right after. */
  async approve(task: Task, comment = ""): Promise<string> {
    return this.#decide(task, true, comment);
  }

  /** Lets an approval fail. Gives the status of the task right after. */
  async reject(task: Task, comment = ""): Promise<string> {
    return this.#decide(task, false, comment);
  }

  async #decide(task: Task, approved: boolean, comment: string): Promise<string> {
    const request = { runId: this.id, task: named(task), approved, comment };
    return (await this.#transport.call(ControlService.method.decideApproval, request)).status;
  }

  /** Decides the outcome of a task by hand; what a worker holds is stopped first. Gives the status of the task right after. */
  async mark(
    task: Task,
    status: "SUCCEEDED" | "WARNING" | "FAILED" | "SKIPPED",
    options: { outputs?: JsonObject; reason?: string } = {},
  ): Promise<string> {
    const outputs = toJson(options.outputs);
    const request = { runId: this.id, task: named(task), mark: status, outputs, reason: options.reason ?? "" };
    return (await this.#transport.call(ControlService.method.markTask, request)).status;
  }
}

function named(task: Task): string {
  return typeof task === "string" ? task : task.id;
}
