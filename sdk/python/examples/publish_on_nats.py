"""Publishes an event on NATS, where it is kept until Downbeat takes it. Needs the extra `events`.

    NATS_URL=nats://127.0.0.1:4222 python publish_on_nats.py
"""

import os

from downbeat import nats

stored = nats.publish(
    "orders.eu.landed",
    {"rows": 3, "table": "shop.orders"},
    servers=[os.environ.get("NATS_URL", "nats://127.0.0.1:4222")],
    id="delivery-2026-11-28",
    type="com.example.landed",
)
print(f"{stored.id} is {stored.stream} {stored.sequence}")
