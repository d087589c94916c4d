"""A gRPC server on loopback that answers every call by the next step of a script, and keeps what it was asked."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from concurrent import futures
from dataclasses import dataclass, field
from typing import Any

import grpc
from google.protobuf.message import Message


@dataclass
class Asked:
    """A call that came."""

    path: str
    body: bytes
    metadata: dict[str, Any]
    seconds_left: float


@dataclass
class Answers:
    """A step: these messages come, then the status."""

    messages: list[Message] = field(default_factory=list)
    code: grpc.StatusCode = grpc.StatusCode.OK
    details: str = ""
    trailers: tuple[tuple[str, str], ...] = ()


def refuses(code: grpc.StatusCode, details: str = "", **trailers: str) -> Answers:
    """A step: nothing but a status. `__` in a name is a `-`."""
    return Answers([], code, details, tuple((name.replace("__", "-"), value) for name, value in trailers.items()))


STREAMS = ("WatchRun", "ReadTaskLog", "ExportAudit")


class Fake(grpc.GenericRpcHandler):
    """The last step of the script is repeated."""

    def __init__(self) -> None:
        self.asked: list[Asked] = []
        self.script: list[Answers] = []
        self._lock = threading.Lock()
        self._server = grpc.server(futures.ThreadPoolExecutor(max_workers=4))
        self._server.add_generic_rpc_handlers((self,))
        port = self._server.add_insecure_port("127.0.0.1:0")
        self.url = f"http://127.0.0.1:{port}"
        self._server.start()

    def answers(self, *steps: Message | Answers) -> None:
        self.script = [step if isinstance(step, Answers) else Answers([step]) for step in steps]

    def stop(self) -> None:
        self._server.stop(None).wait()

    def service(self, details: Any) -> Any:
        def step(body: bytes, context: Any) -> Answers:
            metadata = {name: value for name, value in context.invocation_metadata()}
            with self._lock:
                self.asked.append(Asked(details.method, body, metadata, context.time_remaining() or 0.0))
                now = self.script.pop(0) if len(self.script) > 1 else self.script[0]
            context.set_trailing_metadata(now.trailers)
            return now

        def end(now: Answers, context: Any) -> None:
            if now.code is not grpc.StatusCode.OK:
                context.abort(now.code, now.details)

        def unary(body: bytes, context: Any) -> bytes:
            now = step(body, context)
            end(now, context)
            return now.messages[0].SerializeToString()

        def stream(body: bytes, context: Any) -> Iterator[bytes]:
            now = step(body, context)
            for message in now.messages:
                yield message.SerializeToString()
            end(now, context)

        if details.method.rpartition("/")[2] in STREAMS:
            return grpc.unary_stream_rpc_method_handler(stream)
        return grpc.unary_unary_rpc_method_handler(unary)
