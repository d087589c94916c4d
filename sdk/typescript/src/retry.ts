// When a call is made again, and after how long. Pure: time and chance are arguments.

import { Code } from "@connectrpc/connect";
import type { Kind } from "./gen/kinds.js";

/** Nothing was done, or the same call says the same. */
const AGAIN: ReadonlySet<Code> = new Set([Code.Unavailable, Code.ResourceExhausted, Code.Aborted]);
/** What a server says in its trailers: come again after so many milliseconds; negative = do not. */
const PUSHBACK = "grpc-retry-pushback-ms";

/**
 * How often calls are made that may be made again, and the pauses between: drawn from 0 to `firstMs`, then to twice that and so on, to `mostMs`
 * (full jitter). All of it ends with the `timeoutMs` of the client, whatever stands here.
 */
export interface Retry {
  /** Calls in all; 1 = never again. */
  readonly attempts: number;
  readonly firstMs: number;
  readonly mostMs: number;
}

/** What counts where nobody says. */
export const RETRY: Retry = { attempts: 8, firstMs: 100, mostMs: 5000 };

/** What was given over what counts else. Throws RangeError for what makes no sense. */
export function retryOf(given: Partial<Retry>): Retry {
  const retry = { ...RETRY, ...given };
  if (!(retry.attempts >= 1 && retry.firstMs >= 0 && retry.mostMs >= retry.firstMs)) {
    throw new RangeError(`${JSON.stringify(retry)}: attempts are 1 or more, and 0 <= firstMs <= mostMs`);
  }
  return retry;
}

/** Milliseconds after the failed attempt of this number, from 1 on; `draw` gives 0 to 1. */
export function pauseOf(retry: Retry, attempt: number, draw: () => number = Math.random): number {
  return draw() * Math.min(retry.mostMs, retry.firstMs * 2 ** Math.min(attempt - 1, 60));
}

/** Of one call. */
export class Attempts {
  #made = 0;

  /** @param deadline on the clock that `next` is given, milliseconds */
  constructor(
    private readonly retry: Retry,
    private readonly kind: Kind,
    private readonly deadline: number,
  ) {}

  /** An attempt failed. Milliseconds until the next one; undefined = there is none. */
  next(code: Code, trailers: Headers, now: number): number | undefined {
    this.#made += 1;
    if (this.kind === "once" || !AGAIN.has(code) || this.#made >= this.retry.attempts) return undefined;
    const pushed = pushback(trailers);
    if (pushed !== undefined && pushed < 0) return undefined;
    const pause = pushed ?? pauseOf(this.retry, this.#made);
    return now + pause < this.deadline ? pause : undefined;
  }

  /** Something came: what fails from here on is counted anew. Of streams. */
  wentWell(): void {
    this.#made = 0;
  }
}

/** What the server asks for, milliseconds; undefined = nothing. What cannot be read counts as `do not`, as gRPC has it. */
export function pushback(trailers: Headers): number | undefined {
  const said = trailers.get(PUSHBACK);
  if (said === null) return undefined;
  return /^-?\d{1,9}$/.test(said) ? Number(said) : -1;
}
