// Where a server is, out of the URL that people give, and what is sent beside every call. Knows nothing of connections.

import { encodeBinaryHeader } from "@connectrpc/connect";
import { VERSION } from "./gen/version.js";

/** What the audit calls this program. */
export const USER_AGENT = `downbeat-typescript/${VERSION}`;

/** `http://HOST[:PORT]` or `https://HOST[:PORT]`; throws TypeError, in words, for anything else. */
export function addressOf(url: string): string {
  const refuse = (): never => {
    throw new TypeError(
      `${JSON.stringify(url)} is no address of a server: expected http://HOST[:PORT] or https://HOST[:PORT], and nothing behind it`,
    );
  };
  if (!URL.canParse(url)) return refuse();
  const { protocol, origin, pathname, search, hash, username, password } = new URL(url);
  const alone = pathname === "/" && search === "" && hash === "" && username === "" && password === "";
  return alone && (protocol === "http:" || protocol === "https:") ? origin : refuse();
}

/** What stands beside every call. Throws TypeError for a key or account that could not be sent. */
export function headersOf(key?: string, account?: string, reason?: string): Headers {
  const beside = new Headers({ "user-agent": USER_AGENT });
  for (const [name, value] of [["key", key], ["account", account]] as const) {
    // Never shows the key itself.
    if (value !== undefined && !/^[\x21-\x7e]+$/.test(value)) {
      throw new TypeError(`the ${name} is empty or has other characters than visible ASCII`);
    }
  }
  if (key !== undefined) beside.set("authorization", `Bearer ${key}`);
  if (account !== undefined) beside.set("x-orchestra-account-id", account);
  if (reason !== undefined) {
    const bytes = new TextEncoder().encode(reason);
    if (bytes.length > 512) throw new RangeError("a reason has at most 512 bytes");
    beside.set("downbeat-reason-bin", encodeBinaryHeader(bytes));
  }
  return beside;
}
