// The client: where everything begins.

import type { DescMessage, DescMethodServerStreaming, DescMethodUnary, MessageInitShape, MessageShape } from "@bufbuild/protobuf";
import { Assets } from "./assets.js";
import { Costs } from "./costs.js";
import { Events } from "./events.js";
import { ControlService } from "./gen/control/v1/control_pb.js";
import { AnswerService, type GetBrokenResponse, type GetNowResponse } from "./gen/metadata/v1/answers_pb.js";
import type { Position } from "./gen/metadata/v1/position_pb.js";
import { Lineages } from "./lineage.js";
import { Pipelines } from "./pipelines.js";
import { Run } from "./run.js";
import { Runs } from "./runs.js";
import { type Options, Transport } from "./transport.js";
import { type JsonObject, toJson } from "./values.js";

/** How a run is started. */
export interface RunOptions {
  inputs?: JsonObject;
  /** Id or name; without one, the default one, if there is one. */
  environment?: string;
  /** Read by ENV.NAME instead of those of the environment, or beside them. */
  variables?: JsonObject;
  /** May be a draft; without one, the current version. */
  version?: number;
  /** Of a pipeline whose file is kept in a repository: what stands on this branch, or at this commit. */
  branch?: string;
  commit?: string;
  /** Ids of tasks or groups: only these run. */
  tasks?: string[];
  /** Also everything that follows from them. */
  downstream?: boolean;
  /** The same key for the same pipeline gives the same run. Without one the client draws one, so that a start that is repeated is one run. */
  idempotencyKey?: string;
}

/**
 * A connection to Downbeat. It is opened by the first call and closed by `close()`. One client serves many calls at once.
 */
export class Client {
  readonly #transport: Transport;
  readonly pipelines: Pipelines;
  readonly runs: Runs;
  readonly lineage: Lineages;
  readonly costs: Costs;
  readonly assets: Assets;
  readonly events: Events;

  /** @param url of the gateway, such as https://downbeat.example.com */
  constructor(url: string, options: Options = {}) {
    this.#transport = new Transport(url, options);
    this.pipelines = new Pipelines(this.#transport);
    this.runs = new Runs(this.#transport);
    this.lineage = new Lineages(this.#transport);
    this.costs = new Costs(this.#transport);
    this.assets = new Assets(this.#transport);
    const { nats = [] } = options;
    this.events = new Events(typeof nats === "string" ? [nats] : [...nats]);
  }

  /** A client of what DOWNBEAT_URL, DOWNBEAT_KEY, DOWNBEAT_ACCOUNT and DOWNBEAT_NATS (servers, with spaces between) say. */
  static fromEnvironment(options: Options = {}): Client {
    const { DOWNBEAT_URL = "http://127.0.0.1:7400", DOWNBEAT_KEY, DOWNBEAT_ACCOUNT, DOWNBEAT_NATS = "" } = process.env;
    const nats = DOWNBEAT_NATS.split(/\s+/).filter((server) => server !== "");
    return new Client(DOWNBEAT_URL, { key: DOWNBEAT_KEY || undefined, account: DOWNBEAT_ACCOUNT || undefined, nats, ...options });
  }

  /** Starts a run of a pipeline (alias or id). */
  async run(pipeline: string, options: RunOptions = {}): Promise<Run> {
    const { inputs, environment = "", variables, version = 0, branch = "", commit = "", tasks = [], downstream = false } = options;
    const answer = await this.#transport.call(ControlService.method.startRun, {
      pipeline,
      inputs: toJson(inputs),
      environmentVariables: toJson(variables),
      idempotencyKey: options.idempotencyKey ?? "",
      environment,
      taskIds: tasks,
      continueDownstream: downstream,
      version,
      branch,
      commit,
    });
    return new Run(this.#transport, answer.runId, answer.existed);
  }

  /** What is live, what waits and for what, what is late, what comes next; so many entries of each (0 = 10, at most 100). */
  async now(options: { limit?: number } = {}): Promise<GetNowResponse> {
    return this.#transport.call(AnswerService.method.getNow, { limit: options.limit ?? 0 });
  }

  /** What fails now, by its cause: since when, what changed before, what it takes along, what to type; so many groups (0 = 20, at most 200). */
  async broken(options: { limit?: number } = {}): Promise<GetBrokenResponse> {
    return this.#transport.call(AnswerService.method.getBroken, { limit: options.limit ?? 0 });
  }

  /** Any RPC of `rpcs`, for what has no method here: with the same key, attempts, positions and errors. */
  async call<I extends DescMessage, O extends DescMessage>(method: DescMethodUnary<I, O>, request: MessageInitShape<I>): Promise<MessageShape<O>> {
    return this.#transport.call(method, request);
  }

  /** The same of an RPC that answers with a stream. One that breaks is asked for again from its beginning. */
  stream<I extends DescMessage, O extends DescMessage>(
    method: DescMethodServerStreaming<I, O>,
    request: MessageInitShape<I>,
    options: { timeoutMs?: number } = {},
  ): AsyncGenerator<MessageShape<O>, void, undefined> {
    return this.#transport.stream(method, () => request, options.timeoutMs);
  }

  /** The furthest place in the log that an answer has shown. Every query asks for at least that: you read what you wrote. */
  get position(): Position | undefined {
    return this.#transport.furthest;
  }

  /** Ends what is under way. */
  async close(): Promise<void> {
    this.#transport.close();
    await this.events.close();
  }
}
