# Written by sdk/generate.py: change ../_async/transport.py and run it again.
"""Calls of the blocking client: one channel, what stands beside every call, positions, idempotency keys, and calls that are made again.
Knows nothing of what is asked."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator, Callable
from typing import Any

import grpc

from downbeat import errors
from downbeat._address import OPTIONS, address_of, metadata_of
from downbeat._positions import Positions
from downbeat._retry import Attempts, Retry
from downbeat._rpc import Request, Response, Stream, Unary, with_key


class Transport:
    """A connection that is opened by the first call."""

    def __init__(
        self,
        url: str,
        key: str | None,
        account: str | None,
        *,
        timeout: float,
        retry: Retry,
        reason: str | None,
        tls_roots: bytes | None,
    ) -> None:
        if not timeout > 0:
            raise ValueError(f"timeout={timeout!r}: seconds, more than 0")
        self._address = address_of(url)
        self._beside = metadata_of(key, account, reason)
        self._timeout = timeout
        self._retry = retry
        self._tls_roots = tls_roots
        self.positions = Positions()
        self._lock = threading.Lock()
        self._channel: Any = None
        self._closed = False

    def call(self, rpc: Unary[Request, Response], request: Request) -> Response:
        """Asks, and asks again where that is safe and helps, for `timeout` seconds in all."""
        request = with_key(request)
        deadline = time.monotonic() + self._timeout
        attempts = Attempts(self._retry, rpc.kind, deadline)
        while True:
            method = self._open().unary_unary(
                rpc.path,
                request_serializer=rpc.request.SerializeToString,
                response_deserializer=rpc.response.FromString,
            )
            try:
                answer: Response = method(
                    self.positions.ask(request),
                    timeout=max(0.0, deadline - time.monotonic()),
                    metadata=self._beside,
                )
            except grpc.RpcError as error:
                self._pause(attempts, error, rpc.path)
                continue
            self.positions.see(answer)
            return answer

    def stream(
        self,
        rpc: Stream[Request, Response],
        request: Callable[[], Request],
        timeout: float | None = None,
    ) -> Iterator[Response]:
        """Answers until the server ends; a stream that breaks is asked for again by what `request` gives then. Without a `timeout`, for as
        long as it takes."""
        deadline = time.monotonic() + timeout if timeout is not None else float("inf")
        attempts = Attempts(self._retry, rpc.kind, deadline)
        while True:
            method = self._open().unary_stream(
                rpc.path,
                request_serializer=rpc.request.SerializeToString,
                response_deserializer=rpc.response.FromString,
            )
            left = max(0.0, deadline - time.monotonic()) if timeout is not None else None
            call = method(self.positions.ask(request()), timeout=left, metadata=self._beside)
            try:
                for answer in call:
                    attempts.went_well()
                    self.positions.see(answer)
                    yield answer
                return
            except grpc.RpcError as error:
                self._pause(attempts, error, rpc.path)
            finally:
                # Of somebody who does not read on.
                call.cancel()

    def close(self) -> None:
        """Ends what is under way. Closing twice is as good as once."""
        with self._lock:
            channel, self._channel, self._closed = self._channel, None, True
        if channel is not None:
            channel.close()

    def _pause(self, attempts: Attempts, failed: grpc.RpcError, path: str) -> None:
        """Waits for the next attempt; raises where there is none."""
        # Whatever a call raises is a call itself.
        error: Any = failed
        trailers = list(error.trailing_metadata() or ())
        pause = attempts.next(error.code(), trailers, time.monotonic())
        if pause is None:
            stable = next((value for name, value in trailers if name == "downbeat-code"), "")
            raise errors.of_status(error.code(), error.details() or "", path, str(stable)) from None
        time.sleep(pause)

    def _open(self) -> Any:
        with self._lock:
            if self._closed:
                raise errors.DownbeatError("the client is closed")
            if self._channel is None:
                target = self._address.target
                if self._address.tls:
                    credentials = grpc.ssl_channel_credentials(self._tls_roots)
                    self._channel = grpc.secure_channel(target, credentials, options=OPTIONS)
                else:
                    self._channel = grpc.insecure_channel(target, options=OPTIONS)
            return self._channel
