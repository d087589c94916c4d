"""Publishes one event for triggers, in one of three forms, and waits until NATS has stored it.

    pip install nats-py
    python publish.py [--server nats://127.0.0.1:4222] [--mode binary|structured|plain] [--id ID] SUBJECT JSON

SUBJECT is the part below downbeat.trigger., such as orders.eu.landed. The same id of the same source counts once.
"""

import argparse
import asyncio
import json
import uuid
from datetime import datetime, timezone

import nats

PREFIX = "downbeat.trigger."


def message(mode: str, event_id: str, source: str, kind: str, data: object) -> tuple[bytes, dict[str, str]]:
    """Payload and headers."""
    attributes = {
        "specversion": "1.0",
        "id": event_id,
        "source": source,
        "type": kind,
        "time": datetime.now(timezone.utc).isoformat(),
    }
    if mode == "binary":
        headers = {f"ce-{name}": value for name, value in attributes.items()}
        return json.dumps(data).encode(), {**headers, "content-type": "application/json"}
    if mode == "structured":
        headers = {"content-type": "application/cloudevents+json"}
        return json.dumps({**attributes, "data": data}).encode(), headers
    # Plain JSON: the id is the one that NATS knows the message by.
    return json.dumps(data).encode(), {"Nats-Msg-Id": event_id}


async def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("subject")
    arguments.add_argument("data", help="JSON")
    arguments.add_argument("--server", default="nats://127.0.0.1:4222")
    arguments.add_argument("--mode", choices=["binary", "structured", "plain"], default="binary")
    arguments.add_argument("--id", default=None)
    arguments.add_argument("--source", default="/examples/python")
    arguments.add_argument("--type", default="com.example.landed")
    given = arguments.parse_args()

    event_id = given.id or str(uuid.uuid4())
    payload, headers = message(given.mode, event_id, given.source, given.type, json.loads(given.data))
    connection = await nats.connect(given.server)
    try:
        # Through JetStream: the answer means that the message is stored, and a full stream is an error here and not a loss.
        stored = await connection.jetstream().publish(PREFIX + given.subject, payload, headers=headers)
        print(f"stored as {stored.stream} {stored.seq}, id {event_id}")
    finally:
        await connection.close()


asyncio.run(main())
