"""Where a server is, out of the URL that people give, and what is sent beside every call. Knows nothing of channels."""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import urlsplit

from downbeat._version import VERSION

USER_AGENT = f"downbeat-python/{VERSION}"
"""What the audit calls this program."""
MESSAGE_BYTES_MAX = 8 * 1024 * 1024
"""One message, as the server has it."""

OPTIONS: list[tuple[str, str | int]] = [
    ("grpc.primary_user_agent", USER_AGENT),
    ("grpc.max_receive_message_length", MESSAGE_BYTES_MAX),
    ("grpc.max_send_message_length", MESSAGE_BYTES_MAX),
    # Calls are made again by us, who know which may be.
    ("grpc.enable_retries", 0),
    # A server that is started again is found again within the pauses of our own attempts.
    ("grpc.initial_reconnect_backoff_ms", 100),
    ("grpc.min_reconnect_backoff_ms", 100),
    ("grpc.max_reconnect_backoff_ms", 2000),
    # A connection that died without a word ends a watch, which then is begun again.
    ("grpc.keepalive_time_ms", 60_000),
    ("grpc.keepalive_timeout_ms", 20_000),
]


@dataclass(frozen=True)
class Address:
    """Host, port, and whether TLS is spoken."""

    target: str
    tls: bool


def address_of(url: str) -> Address:
    """Raises ValueError, in words, for what is no `http://HOST[:PORT]` or `https://HOST[:PORT]`."""
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError as error:
        raise ValueError(f"{url!r} is no address of a server: {error}") from None
    fits = parts.scheme in ("http", "https") and parts.hostname and not (parts.path.strip("/") or parts.query or parts.fragment)
    if not fits or parts.username is not None:
        raise ValueError(f"{url!r} is no address of a server: expected http://HOST[:PORT] or https://HOST[:PORT], and nothing behind it")
    tls = parts.scheme == "https"
    host = f"[{parts.hostname}]" if ":" in (parts.hostname or "") else parts.hostname
    return Address(f"{host}:{port or (443 if tls else 80)}", tls)


def metadata_of(key: str | None, account: str | None, reason: str | None) -> list[tuple[str, str | bytes]]:
    """What stands beside every call. Raises ValueError for a key or account that could not be sent."""
    beside: list[tuple[str, str | bytes]] = []
    for name, value in (("key", key), ("account", account)):
        if value is not None and (not value or not value.isascii() or not value.isprintable()):
            # Never shows the key itself.
            raise ValueError(f"the {name} is empty or has other characters than visible ASCII")
    if key is not None:
        beside.append(("authorization", f"Bearer {key}"))
    if account is not None:
        beside.append(("x-orchestra-account-id", account))
    if reason is not None:
        if len(reason.encode()) > 512:
            raise ValueError("a reason has at most 512 bytes")
        beside.append(("downbeat-reason-bin", reason.encode()))
    return beside
