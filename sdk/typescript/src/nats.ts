// Events that start pipelines, published on NATS as CloudEvents (docs/events.md); needs `@nats-io/transport-node` and `@nats-io/jetstream`. Needs
// no gateway, and what is stored is kept while Downbeat is down. Knows nothing of gRPC.

import { randomUUID } from "node:crypto";
import { jetstream } from "@nats-io/jetstream";
import { connect, headers, type NatsConnection, type NodeConnectionOptions } from "@nats-io/transport-node";
import type { EventOptions } from "./events.js";
import type { Json } from "./values.js";

/** Subjects of events are below this. */
const PREFIX = "downbeat.trigger.";
/** Of events that do not say where they come from. */
const SOURCE = "/downbeat/sdk/typescript";

/** NATS has it. */
export interface Stored {
  /** Of the event. */
  readonly id: string;
  readonly stream: string;
  readonly sequence: number;
}

/** A CloudEvent 1.0 in the structured mode. */
export function cloudEvent(data: Json, options: EventOptions & { id: string }): string {
  const { id, source = SOURCE, type = "downbeat.event", time = new Date(), about = "", depth = 0 } = options;
  return JSON.stringify({
    specversion: "1.0",
    id,
    source,
    type,
    time: time.toISOString(),
    datacontenttype: "application/json",
    data,
    ...(about === "" ? {} : { subject: about }),
    // The extension that counts runs in a chain of causes.
    ...(depth === 0 ? {} : { downbeatdepth: depth }),
  });
}

/** Publishes events for triggers on NATS. */
export class EventPublisher {
  readonly #connection: NatsConnection;

  private constructor(connection: NatsConnection) {
    this.#connection = connection;
  }

  /** @param options as `connect` of nats.js takes them; without `servers` nats://127.0.0.1:4222 */
  static async connect(options: NodeConnectionOptions = {}): Promise<EventPublisher> {
    return new EventPublisher(await connect({ servers: "nats://127.0.0.1:4222", reconnect: false, ...options }));
  }

  /**
   * Publishes an event to `subject`, the part below `downbeat.trigger.`, and waits until NATS has stored it. The same id of the same source
   * counts once for each trigger, so that repeating after an error is safe: give it an id.
   */
  async publish(subject: string, data: Json = null, options: EventOptions = {}): Promise<Stored> {
    const id = options.id ?? randomUUID();
    const attributes = headers();
    attributes.set("content-type", "application/cloudevents+json");
    // Through JetStream: the answer means that the message is stored, and a full stream is an error here and not a loss.
    const stored = await jetstream(this.#connection).publish(PREFIX + subject, cloudEvent(data, { ...options, id }), { headers: attributes });
    return { id, stream: stored.stream, sequence: stored.seq };
  }

  /** Ends the connection. */
  async close(): Promise<void> {
    await this.#connection.close();
  }
}
