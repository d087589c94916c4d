"""Events on a real nats-server: what is stored is a CloudEvent as docs/events.md has it, and nothing is lost in silence."""

from __future__ import annotations

import asyncio
import json
from datetime import datetime, timezone
from pathlib import Path

import pytest
from nats_server import NatsServer

from downbeat import AsyncClient, Client
from downbeat.nats import AsyncEventPublisher, EventPublisher, cloud_event


def test_what_is_stored_is_a_cloud_event(tmp_path: Path) -> None:
    at = datetime(2026, 11, 28, 9, 30, tzinfo=timezone.utc)
    with NatsServer(tmp_path) as server:
        server.make_stream("DOWNBEAT_TRIGGER", "downbeat.trigger.>")
        client = Client("http://127.0.0.1:1", nats=server.url)
        stored = client.events.publish(
            "orders.eu.landed",
            {"rows": 3},
            id="e-1",
            source="/shop",
            type="com.example.landed",
            time=at,
            about="orders/7",
            depth=2,
        )
        assert (stored.id, stored.stream, stored.sequence) == ("e-1", "DOWNBEAT_TRIGGER", 1)
        message = server.message("DOWNBEAT_TRIGGER", 1)
        assert message.subject == "downbeat.trigger.orders.eu.landed"
        assert message.headers["content-type"] == "application/cloudevents+json"
        assert json.loads(message.data) == {
            "specversion": "1.0",
            "id": "e-1",
            "source": "/shop",
            "type": "com.example.landed",
            "time": "2026-11-28T09:30:00+00:00",
            "datacontenttype": "application/json",
            "data": {"rows": 3},
            "subject": "orders/7",
            "downbeatdepth": 2,
        }
        drawn = client.events.publish("prices.landed")
        client.close()
        assert len(drawn.id) == 36 and json.loads(server.message("DOWNBEAT_TRIGGER", 2).data)["id"] == drawn.id


def test_the_asyncio_client_publishes_too_also_from_within_a_loop(tmp_path: Path) -> None:
    async def talk(url: str) -> list[int]:
        async with AsyncClient("http://127.0.0.1:1", nats=[url]) as client:
            first = await client.events.publish("orders.landed")
        # A blocking publisher has a loop of its own.
        with EventPublisher(url) as publisher:
            return [first.sequence, publisher.publish("orders.landed").sequence]

    with NatsServer(tmp_path) as server:
        server.make_stream("DOWNBEAT_TRIGGER", "downbeat.trigger.>")
        assert asyncio.run(talk(server.url)) == [1, 2]


def test_where_nobody_stores_it_publishing_is_an_error(tmp_path: Path) -> None:
    async def talk(url: str) -> None:
        async with AsyncEventPublisher(url) as publisher:
            await publisher.publish("orders.eu.landed", {"rows": 3})

    with NatsServer(tmp_path) as server, pytest.raises(Exception, match="(?i)no response|no responders|not.?found"):
        asyncio.run(talk(server.url))


def test_what_is_no_json_is_refused_before_anything_is_sent() -> None:
    with pytest.raises(ValueError):
        cloud_event(float("nan"), id="e", source="s", type="t")
