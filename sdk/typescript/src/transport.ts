// Calls: one connection, what stands beside every call, positions, idempotency keys, and calls that are made again. Knows nothing of what is
// asked.

import { randomUUID } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";
import { clone, create } from "@bufbuild/protobuf";
import type { DescMessage, DescMethodServerStreaming, DescMethodUnary, MessageInitShape, MessageShape } from "@bufbuild/protobuf";
import type { Transport as Connection } from "@connectrpc/connect";
import { createGrpcTransport, Http2SessionManager } from "@connectrpc/connect-node";
import { addressOf, headersOf } from "./address.js";
import { DownbeatError, ofError, statusOf } from "./errors.js";
import { KINDS, type Kind } from "./gen/kinds.js";
import type { Position } from "./gen/metadata/v1/position_pb.js";
import { Attempts, type Retry, retryOf } from "./retry.js";

/** How a client asks. */
export interface Options {
  /** What `downbeat key create` printed. */
  key?: string | undefined;
  /** The account of the key; need not be said. */
  account?: string | undefined;
  /** What a call may take, attempts and pauses together, in milliseconds; 30,000. */
  timeoutMs?: number | undefined;
  /** How calls are made again that may be. */
  retry?: Partial<Retry> | undefined;
  /** Stands in the audit beside everything that this client does; at most 512 bytes. */
  reason?: string | undefined;
  /** PEM certificates to trust instead of those that Node has. */
  tlsRoots?: string | undefined;
  /** Servers that `events` publishes on. */
  nats?: string | readonly string[] | undefined;
}

/** One message, as the server has it. */
const MESSAGE_BYTES_MAX = 8 * 1024 * 1024;

/** A connection that is opened by the first call. */
export class Transport {
  readonly #session: Http2SessionManager;
  readonly #connection: Connection;
  readonly #beside: Headers;
  readonly #timeoutMs: number;
  readonly #retry: Retry;
  #furthest: Position | undefined;
  #closed = false;

  constructor(url: string, options: Options) {
    const baseUrl = addressOf(url);
    this.#beside = headersOf(options.key, options.account, options.reason);
    this.#timeoutMs = options.timeoutMs ?? 30_000;
    if (!(this.#timeoutMs > 0)) throw new RangeError(`timeoutMs: ${this.#timeoutMs}: milliseconds, more than 0`);
    this.#retry = retryOf(options.retry ?? {});
    // A connection that died without a word ends a watch, which then is begun again.
    const keepalive = { pingIntervalMs: 60_000, pingTimeoutMs: 20_000 };
    this.#session = new Http2SessionManager(baseUrl, keepalive, options.tlsRoots === undefined ? {} : { ca: options.tlsRoots });
    this.#connection = createGrpcTransport({
      baseUrl,
      sessionManager: this.#session,
      readMaxBytes: MESSAGE_BYTES_MAX,
      writeMaxBytes: MESSAGE_BYTES_MAX,
      acceptCompression: [],
    });
  }

  /** The furthest place in the log that an answer has shown. */
  get furthest(): Position | undefined {
    return this.#furthest;
  }

  /** Asks, and asks again where that is safe and helps, for `timeoutMs` in all. */
  async call<I extends DescMessage, O extends DescMessage>(
    method: DescMethodUnary<I, O>,
    init: MessageInitShape<I>,
  ): Promise<MessageShape<O>> {
    const request = withKey(method.input, create(method.input, init));
    const deadline = performance.now() + this.#timeoutMs;
    const attempts = new Attempts(this.#retry, kindOf(method), deadline);
    for (;;) {
      this.#open();
      const left = Math.max(1, Math.ceil(deadline - performance.now()));
      try {
        const answer = await this.#connection.unary(method, undefined, left, this.#beside, this.#asking(method.input, request));
        this.#see(answer.message);
        return answer.message;
      } catch (thrown) {
        await this.#pause(attempts, thrown, method);
      }
    }
  }

  /**
   * Answers until the server ends; a stream that breaks is asked for again by what `request` gives then. Without a `timeoutMs`, for as long as
   * it takes.
   */
  async *stream<I extends DescMessage, O extends DescMessage>(
    method: DescMethodServerStreaming<I, O>,
    request: () => MessageInitShape<I>,
    timeoutMs?: number,
  ): AsyncGenerator<MessageShape<O>, void, undefined> {
    const deadline = timeoutMs === undefined ? Infinity : performance.now() + timeoutMs;
    const attempts = new Attempts(this.#retry, kindOf(method), deadline);
    for (;;) {
      this.#open();
      const left = timeoutMs === undefined ? undefined : Math.max(1, Math.ceil(deadline - performance.now()));
      const ended = new AbortController();
      try {
        const asking = this.#asking(method.input, create(method.input, request()));
        const answers = await this.#connection.stream(method, ended.signal, left, this.#beside, one(asking));
        for await (const answer of answers.message) {
          attempts.wentWell();
          this.#see(answer);
          yield answer;
        }
        return;
      } catch (thrown) {
        await this.#pause(attempts, thrown, method);
      } finally {
        // Of somebody who does not read on.
        ended.abort();
      }
    }
  }

  /** Ends what is under way. Closing twice is as good as once. */
  close(): void {
    this.#closed = true;
    this.#session.abort();
  }

  #open(): void {
    if (this.#closed) throw new DownbeatError("the client is closed");
  }

  /** Waits for the next attempt; throws where there is none. */
  async #pause(attempts: Attempts, thrown: unknown, method: Method): Promise<void> {
    // What this side gets wrong, such as a value that does not fit its field, is no answer of a server.
    if (thrown instanceof DownbeatError || thrown instanceof TypeError || thrown instanceof RangeError) throw thrown;
    const error = statusOf(thrown);
    const pause = attempts.next(error.code, error.metadata, performance.now());
    if (pause === undefined || this.#closed) throw ofError(error, pathOf(method));
    await sleep(pause);
  }

  /** Remembers the position of an answer, if it goes further. That of another log takes the place of what was known. */
  #see(answer: unknown): void {
    const { position } = answer as { position?: Position };
    if (position === undefined) return;
    const known = this.#furthest;
    const otherLog = known !== undefined && (known.logId !== position.logId || known.partition !== position.partition);
    if (known === undefined || otherLog || position.sequence > known.sequence) this.#furthest = position;
  }

  /** The request with what its answer must at least reflect, where it takes that and does not say so itself. */
  #asking<I extends DescMessage>(schema: I, request: MessageShape<I>): MessageShape<I> {
    const silent = (request as { atLeast?: Position }).atLeast === undefined;
    if (!silent || this.#furthest === undefined || !has(schema, "at_least")) return request;
    return Object.assign(clone(schema, request), { atLeast: this.#furthest });
  }
}

interface Method {
  readonly name: string;
  readonly parent: { readonly typeName: string };
}

function pathOf(method: Method): string {
  return `/${method.parent.typeName}/${method.name}`;
}

function kindOf(method: Method): Kind {
  const kind = KINDS.get(pathOf(method));
  if (kind === undefined) throw new TypeError(`${pathOf(method)} is nothing that clients call: services say it to each other`);
  return kind;
}

function has(schema: DescMessage, field: string): boolean {
  return schema.fields.some((found) => found.name === field);
}

/** The request with an idempotency key, where it takes one and has none. */
function withKey<I extends DescMessage>(schema: I, request: MessageShape<I>): MessageShape<I> {
  const without = (request as { idempotencyKey?: string }).idempotencyKey === "";
  return without && has(schema, "idempotency_key") ? Object.assign(clone(schema, request), { idempotencyKey: randomUUID() }) : request;
}

async function* one<T>(value: T): AsyncGenerator<T> {
  yield value;
}
