"""Publishes an event on NATS, where it is kept until Downbeat takes it. Needs the extra `events`, and no gateway.

    NATS_URL=nats://127.0.0.1:4222 python publish_on_nats.py
"""

import os

from downbeat.nats import EventPublisher

with EventPublisher(os.environ.get("NATS_URL", "nats://127.0.0.1:4222")) as publisher:
    for rows in (3, 5):
        stored = publisher.publish(
            "orders.eu.landed",
            {"rows": rows, "table": "shop.orders"},
            id=f"delivery-{rows}",
            type="com.example.landed",
        )
        print(f"{stored.id} is {stored.stream} {stored.sequence}")
