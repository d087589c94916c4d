"""What tests share: a gRPC server that answers as it is told, and the Downbeat that the environment names."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator

import pytest
from fake import Fake

HOW = "set DOWNBEAT_URL and DOWNBEAT_KEY, or run `make sdk`, which starts a Downbeat for these tests"


@pytest.fixture
def fake() -> Iterator[Fake]:
    server = Fake()
    yield server
    server.stop()


@pytest.fixture(scope="session")
def url() -> str:
    address = os.environ.get("DOWNBEAT_URL")
    if not address:
        pytest.fail(HOW)
    return address


@pytest.fixture(scope="session")
def key() -> str | None:
    return os.environ.get("DOWNBEAT_KEY") or None


@pytest.fixture(scope="session")
def python() -> str:
    return sys.executable
