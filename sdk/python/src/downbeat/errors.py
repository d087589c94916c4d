"""What can go wrong: one class per kind of refusal. Knows nothing of channels.

    DownbeatError
        CallError             the server refused, or could not be asked; `code` is gRPC's word for why
            NotFound, InvalidArgument, PermissionDenied, Unavailable, ...
        RunFailed             a run that was waited for with check=True did not end well
        WaitTimeout           it has not ended in the time that it was given
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import grpc

from downbeat._version import VERSION

if TYPE_CHECKING:
    from downbeat.results import RunResult


class DownbeatError(Exception):
    """Everything that this package raises by itself."""


class CallError(DownbeatError):
    """A call was refused, or never answered."""

    def __init__(self, code: str, message: str, method: str, downbeat_code: str = "") -> None:
        super().__init__(f"{method}: {code}: {message}" if method else f"{code}: {message}")
        self.code = code
        """gRPC's word, such as NOT_FOUND."""
        self.message = message
        """The server's own text: what, where, what to do."""
        self.method = method
        """The RPC, as ControlService/StartRun."""
        self.downbeat_code = downbeat_code
        """A stable code for programs, such as PIPELINE_PAUSED; empty where there is none."""


class Cancelled(CallError):
    """The call was cancelled."""


class UnknownError(CallError):
    """The server failed without saying how."""


class InvalidArgument(CallError):
    """What was asked for makes no sense, whatever the state of the server."""


class DeadlineExceeded(CallError, TimeoutError):
    """No answer in the client's `timeout`, or the projector was too far behind."""


class NotFound(CallError):
    """There is no such thing, or the key may not see it."""


class AlreadyExists(CallError):
    """There is one already."""


class PermissionDenied(CallError):
    """The key's role does not allow it."""


class ResourceExhausted(CallError):
    """Too often, or too much."""


class FailedPrecondition(CallError):
    """Not in the state that things are in."""


class Aborted(CallError):
    """Somebody else was faster; ask again."""


class OutOfRange(CallError):
    """More than one question may look at: narrow the filters."""


class Unimplemented(CallError):
    """The server does not have this RPC."""


class InternalError(CallError):
    """The server failed."""


class Unavailable(CallError):
    """Nobody answers, or not now."""


class DataLoss(CallError):
    """What should be there is damaged."""


class Unauthenticated(CallError):
    """No key, or one that opens nothing."""


class RunFailed(DownbeatError):
    """A run that was waited for with `check=True` did not end well."""

    def __init__(self, result: RunResult) -> None:
        failed = ", ".join(f"{task.task_id}: {task.message or task.status}" for task in result.failed)
        super().__init__(f"run {result.id} of {result.run.pipeline_alias}: {result.status}" + (f" ({failed})" if failed else ""))
        self.result = result
        """How it ended."""


class WaitTimeout(DownbeatError, TimeoutError):
    """The run has not ended in the time that it was given. It goes on."""

    def __init__(self, run_id: str, status: str, timeout: float) -> None:
        super().__init__(f"run {run_id} has not ended after {timeout:g} s: it is {status or 'not known yet'}; it goes on")
        self.run_id = run_id
        self.status = status
        """As it was last seen; empty = no answer came."""


CLASSES: dict[grpc.StatusCode, type[CallError]] = {
    grpc.StatusCode.CANCELLED: Cancelled,
    grpc.StatusCode.UNKNOWN: UnknownError,
    grpc.StatusCode.INVALID_ARGUMENT: InvalidArgument,
    grpc.StatusCode.DEADLINE_EXCEEDED: DeadlineExceeded,
    grpc.StatusCode.NOT_FOUND: NotFound,
    grpc.StatusCode.ALREADY_EXISTS: AlreadyExists,
    grpc.StatusCode.PERMISSION_DENIED: PermissionDenied,
    grpc.StatusCode.RESOURCE_EXHAUSTED: ResourceExhausted,
    grpc.StatusCode.FAILED_PRECONDITION: FailedPrecondition,
    grpc.StatusCode.ABORTED: Aborted,
    grpc.StatusCode.OUT_OF_RANGE: OutOfRange,
    grpc.StatusCode.UNIMPLEMENTED: Unimplemented,
    grpc.StatusCode.INTERNAL: InternalError,
    grpc.StatusCode.UNAVAILABLE: Unavailable,
    grpc.StatusCode.DATA_LOSS: DataLoss,
    grpc.StatusCode.UNAUTHENTICATED: Unauthenticated,
}


def of_status(code: grpc.StatusCode, message: str, path: str = "", downbeat_code: str = "") -> CallError:
    """The error of a status. `path` is that of the RPC."""
    service, _, method = path.rpartition("/")
    name = f"{service.rpartition('.')[2]}/{method}" if method else ""
    if code is grpc.StatusCode.UNIMPLEMENTED:
        message = f"{message or 'not known to the server'} (this client is of version {VERSION}: the server may be older)"
    return CLASSES.get(code, UnknownError)(code.name, message, name, downbeat_code)


def of_number(number: int, message: str, path: str = "", downbeat_code: str = "") -> CallError:
    """The same by the number of the status, as refusals inside of answers have it."""
    known = {code.value[0]: code for code in grpc.StatusCode}
    return of_status(known.get(number, grpc.StatusCode.UNKNOWN), message, path, downbeat_code)
