// Events that start pipelines, given straight to the server. Over NATS: `@downbeat/client/nats`.

import { randomUUID } from "node:crypto";
import type { Code } from "@connectrpc/connect";
import { ControlService, type EventTaker } from "./gen/control/v1/control_pb.js";
import { ofStatus } from "./errors.js";
import type { Transport } from "./transport.js";
import { type Json, micros, toJson } from "./values.js";

/** Of events that do not say where they come from. */
const SOURCE = "/downbeat/sdk/typescript";

/** Attributes of an event. */
export interface EventOptions {
  /** The same id of the same source counts once; without one the event is one of its own. */
  id?: string;
  source?: string;
  type?: string;
  time?: Date;
  /** The CloudEvents attribute `subject`. */
  about?: string;
  /** Whoever publishes from inside a run says that of its run's event plus one. */
  depth?: number;
}

/** `client.events`. */
export class Events {
  readonly #transport: Transport;

  constructor(transport: Transport) {
    this.#transport = transport;
  }

  /** Gives an event to every trigger that listens to `subject`, the part below `downbeat.trigger.`, and says what each made of it. */
  async publish(subject: string, data: Json = null, options: EventOptions = {}): Promise<EventTaker[]> {
    const { id = randomUUID(), source = SOURCE, type = "", time, about = "", depth = 0 } = options;
    const event = { address: subject, id, source, type, subject: about, data: toJson(data), depth };
    const events = [time === undefined ? event : { ...event, time: micros(time) }];
    const method = ControlService.method.takeEvents;
    const outcome = (await this.#transport.call(method, { events })).outcomes[0]?.outcome;
    if (outcome?.case === "refused") {
      const { status, code, message } = outcome.value;
      throw ofStatus(status as Code, message, `/${method.parent.typeName}/${method.name}`, code);
    }
    return outcome?.case === "taken" ? outcome.value.takers : [];
  }
}
