// Events that start pipelines, of a client: published on NATS, to which it connects with the first one.

import { DownbeatError } from "./errors.js";
import type { EventPublisher, Stored } from "./nats.js";
import type { Json } from "./values.js";

/** Attributes of an event. */
export interface EventOptions {
  /** The same id of the same source counts once for each trigger; without one the event is one of its own. */
  id?: string;
  source?: string;
  type?: string;
  time?: Date;
  /** The CloudEvents attribute `subject`. */
  about?: string;
  /** Whoever publishes from inside a run says that of its run's event plus one. */
  depth?: number;
}

/** `client.events`. Needs the packages @nats-io/transport-node and @nats-io/jetstream. */
export class Events {
  readonly #servers: string[];
  #publisher: Promise<EventPublisher> | undefined;

  constructor(servers: string[]) {
    this.#servers = servers;
  }

  /**
   * Publishes an event to `subject`, the part below `downbeat.trigger.`, and waits until NATS has stored it. Repeating after an error is safe with
   * an id.
   */
  async publish(subject: string, data: Json = null, options: EventOptions = {}): Promise<Stored> {
    if (this.#servers.length === 0) {
      throw new DownbeatError('where NATS is was not said: new Client(url, { nats: "nats://..." }), or DOWNBEAT_NATS');
    }
    this.#publisher ??= connected(this.#servers);
    try {
      return await (await this.#publisher).publish(subject, data, options);
    } catch (error) {
      // The next event connects anew.
      await this.close();
      throw error;
    }
  }

  /** Ends the connection. */
  async close(): Promise<void> {
    const publisher = this.#publisher;
    this.#publisher = undefined;
    await publisher?.then((open) => open.close(), () => undefined);
  }
}

/** Whoever publishes nothing does not need the packages. */
async function connected(servers: string[]): Promise<EventPublisher> {
  const { EventPublisher } = await import("./nats.js");
  return EventPublisher.connect({ servers });
}
