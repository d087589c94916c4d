// What can go wrong: one class per kind of refusal. Knows nothing of connections.

import { Code, ConnectError } from "@connectrpc/connect";
import { VERSION } from "./gen/version.js";
import type { RunResult } from "./results.js";

/** Everything that this package throws by itself, but for arguments that make no sense (TypeError, RangeError). */
export class DownbeatError extends Error {
  constructor(message: string) {
    super(message);
    this.name = new.target.name;
  }
}

/** A call was refused, or never answered. */
export class CallError extends DownbeatError {
  /**
   * @param code gRPC's word, such as NOT_FOUND
   * @param text the server's own text: what, where, what to do
   * @param method the RPC, as ControlService/StartRun; empty where it is not known
   * @param downbeatCode a stable code for programs, such as PIPELINE_PAUSED; empty where there is none
   */
  constructor(
    readonly code: string,
    readonly text: string,
    readonly method: string,
    readonly downbeatCode: string = "",
  ) {
    super(method === "" ? `${code}: ${text}` : `${method}: ${code}: ${text}`);
  }
}

/** The call was cancelled. */
export class Cancelled extends CallError {}
/** The server failed without saying how. */
export class UnknownError extends CallError {}
/** What was asked for makes no sense, whatever the state of the server. */
export class InvalidArgument extends CallError {}
/** No answer in the client's `timeoutMs`, or the projector was too far behind. */
export class DeadlineExceeded extends CallError {}
/** There is no such thing, or the key may not see it. */
export class NotFound extends CallError {}
/** There is one already. */
export class AlreadyExists extends CallError {}
/** The key's role does not allow it. */
export class PermissionDenied extends CallError {}
/** Too often, or too much. */
export class ResourceExhausted extends CallError {}
/** Not in the state that things are in. */
export class FailedPrecondition extends CallError {}
/** Somebody else was faster; ask again. */
export class Aborted extends CallError {}
/** More than one question may look at: narrow the filters. */
export class OutOfRange extends CallError {}
/** The server does not have this RPC. */
export class Unimplemented extends CallError {}
/** The server failed. */
export class InternalError extends CallError {}
/** Nobody answers, or not now. */
export class Unavailable extends CallError {}
/** What should be there is damaged. */
export class DataLoss extends CallError {}
/** No key, or one that opens nothing. */
export class Unauthenticated extends CallError {}

/** A run that was waited for with `check` did not end well. */
export class RunFailed extends DownbeatError {
  constructor(readonly result: RunResult) {
    const failed = result.failed.map((task) => `${task.taskId}: ${task.message || task.status}`).join(", ");
    super(`run ${result.id} of ${result.run.pipelineAlias}: ${result.status}${failed === "" ? "" : ` (${failed})`}`);
  }
}

/** The run has not ended in the time that it was given. It goes on. */
export class WaitTimeout extends DownbeatError {
  /** @param status as it was last seen; empty = no answer came */
  constructor(
    readonly runId: string,
    readonly status: string,
    timeoutMs: number,
  ) {
    super(`run ${runId} has not ended after ${timeoutMs} ms: it is ${status || "not known yet"}; it goes on`);
  }
}

type Class = new (code: string, text: string, method: string, downbeatCode?: string) => CallError;

/** gRPC's word and our class, by the number of the status. */
const KINDS: ReadonlyMap<Code, readonly [string, Class]> = new Map<Code, readonly [string, Class]>([
  [Code.Canceled, ["CANCELLED", Cancelled]],
  [Code.Unknown, ["UNKNOWN", UnknownError]],
  [Code.InvalidArgument, ["INVALID_ARGUMENT", InvalidArgument]],
  [Code.DeadlineExceeded, ["DEADLINE_EXCEEDED", DeadlineExceeded]],
  [Code.NotFound, ["NOT_FOUND", NotFound]],
  [Code.AlreadyExists, ["ALREADY_EXISTS", AlreadyExists]],
  [Code.PermissionDenied, ["PERMISSION_DENIED", PermissionDenied]],
  [Code.ResourceExhausted, ["RESOURCE_EXHAUSTED", ResourceExhausted]],
  [Code.FailedPrecondition, ["FAILED_PRECONDITION", FailedPrecondition]],
  [Code.Aborted, ["ABORTED", Aborted]],
  [Code.OutOfRange, ["OUT_OF_RANGE", OutOfRange]],
  [Code.Unimplemented, ["UNIMPLEMENTED", Unimplemented]],
  [Code.Internal, ["INTERNAL", InternalError]],
  [Code.Unavailable, ["UNAVAILABLE", Unavailable]],
  [Code.DataLoss, ["DATA_LOSS", DataLoss]],
  [Code.Unauthenticated, ["UNAUTHENTICATED", Unauthenticated]],
]);

/** The error of a status. `path` is that of the RPC: `/package.Service/Method`. */
export function ofStatus(code: Code, text: string, path = "", downbeatCode = ""): CallError {
  const [word, kind] = KINDS.get(code) ?? (["UNKNOWN", UnknownError] as const);
  const [service = "", method = ""] = path.slice(1).split("/");
  const name = method === "" ? "" : `${service.slice(service.lastIndexOf(".") + 1)}/${method}`;
  const hint = ` (this client is of version ${VERSION}: the server may be older)`;
  const said = code === Code.Unimplemented ? (text || "not known to the server") + hint : text;
  return new kind(word, said, name, downbeatCode);
}

/**
 * The status of whatever a call threw. A connection that broke is UNAVAILABLE: what is behind it is an error of Node, where a status that a server
 * gave has nothing behind it, or it ended before a status came.
 */
export function statusOf(thrown: unknown): ConnectError {
  const error = ConnectError.from(thrown);
  const ours = error.code === Code.DeadlineExceeded || error.code === Code.Canceled;
  const ofNode = error.cause instanceof Error && "code" in error.cause && typeof error.cause.code === "string";
  // How Node ends the streams of a connection that is gone, which nobody has cancelled.
  const cutOff = ["protocol error: missing status", "http/2 stream closed with error code CANCEL (0x8)"].includes(error.rawMessage);
  return (!ours && ofNode) || cutOff ? new ConnectError(error.rawMessage, Code.Unavailable, error.metadata) : error;
}

/** The error of a status that a call of `path` ended with. */
export function ofError(error: ConnectError, path: string): CallError {
  return ofStatus(error.code, error.rawMessage, path, error.metadata.get("downbeat-code") ?? "");
}
