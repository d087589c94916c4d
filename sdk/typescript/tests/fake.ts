// A gRPC server on loopback that answers every call by the next step of a script, and keeps what it was asked.

import { once } from "node:events";
import * as http2 from "node:http2";
import type { AddressInfo } from "node:net";
import type { DescService } from "@bufbuild/protobuf";
import { type Code, ConnectError, type ConnectRouter, type HandlerContext } from "@connectrpc/connect";
import { connectNodeAdapter } from "@connectrpc/connect-node";
import { rpcs } from "../src/index.js";

/** These messages come, then the status. */
export interface Step {
  readonly messages?: readonly object[];
  readonly code?: Code;
  readonly text?: string;
  readonly trailers?: Record<string, string>;
  /** The status never comes. */
  readonly hangs?: boolean;
}

export interface Asked {
  readonly method: string;
  // The message, as the server read it.
  readonly request: any;
  readonly headers: Headers;
}

export class Fake {
  readonly asked: Asked[] = [];
  /** The last step is repeated. */
  script: Step[] = [];
  readonly #sessions = new Set<http2.ServerHttp2Session>();

  private constructor(private readonly server: http2.Http2Server) {}

  static async start(port = 0): Promise<Fake> {
    let fake: Fake;
    const routes = (router: ConnectRouter) => {
      for (const service of Object.values(rpcs)) fake.#serve(router, service);
    };
    const server = http2.createServer((request, response) => adapter(request, response));
    fake = new Fake(server);
    const adapter = connectNodeAdapter({ routes });
    server.on("session", (session) => {
      fake.#sessions.add(session);
      session.on("close", () => fake.#sessions.delete(session));
    });
    server.listen(port, "127.0.0.1");
    await once(server, "listening");
    return fake;
  }

  get port(): number {
    return (this.server.address() as AddressInfo).port;
  }

  get url(): string {
    return `http://127.0.0.1:${this.port}`;
  }

  async stop(): Promise<void> {
    for (const session of this.#sessions) session.destroy();
    this.server.close();
    await once(this.server, "close");
  }

  #serve(router: ConnectRouter, service: DescService): void {
    for (const method of service.methods) {
      const step = (request: unknown, headers: Headers): Step => {
        this.asked.push({ method: method.name, request, headers });
        const now = this.script.length > 1 ? this.script.shift() : this.script[0];
        if (now === undefined) throw new Error("the script is empty");
        return now;
      };
      const end = ({ code, text = "", trailers = {} }: Step) => {
        if (code !== undefined) throw new ConnectError(text, code, trailers);
      };
      const stream = async function* (request: unknown, context: HandlerContext) {
        const now = step(request, context.requestHeader);
        yield* now.messages ?? [];
        if (now.hangs) await once(context.signal, "abort");
        end(now);
      };
      const unary = (request: unknown, context: HandlerContext) => {
        const now = step(request, context.requestHeader);
        end(now);
        return now.messages?.[0] ?? {};
      };
      // The script knows which message belongs to which method.
      router.rpc(method, (method.methodKind === "server_streaming" ? stream : unary) as never);
    }
  }
}
