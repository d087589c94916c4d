"""Asks what came of an asset, what breaks with it, and what pipelines cost."""

from datetime import datetime, timezone

from downbeat import Client, rpcs, types

PIPELINE = """\
version: v1
name: Loads orders
pipeline:
  load:
    integration: PYTHON
    integration_job: PYTHON_EXECUTE_SCRIPT
    parameters:
      source: INLINE
      code: print("loaded")
    meta:
      downbeat:
        reads: [sdkpython/raw.orders]
        writes: [sdkpython/shop.orders]
  report:
    integration: PYTHON
    integration_job: PYTHON_EXECUTE_SCRIPT
    parameters:
      source: INLINE
      code: print("reported")
    depends_on: [load]
    meta:
      downbeat:
        reads: [sdkpython/shop.orders]
        writes: [sdkpython/shop.report]
"""

with Client.from_environment() as client:
    client.pipelines.apply(PIPELINE, alias="sdk_python_orders")
    client.run("sdk_python_orders").wait(timeout=120, check=True)

    # What was just written is there: every query asks for at least what this client has seen.
    above = client.lineage.upstream("sdkpython/shop.report", depth=2)
    for node in above.nodes:
        print(f"{node.distance} above: {node.key}")
    impact = client.lineage.impact("sdkpython/raw.orders")
    print("breaks:", ", ".join(node.key for node in impact.affected))
    print("written by:", client.assets.get("sdkpython/shop.report").writers[0].task)

    # What has no method of its own, `call` asks.
    bill = types.Bill(
        source="example",
        external_id="invoice-python-1",
        micros=12_345_678,
        currency="EUR",
        pipeline="sdk_python_orders",
        incurred_at=int(datetime.now(timezone.utc).timestamp() * 1_000_000),
    )
    client.call(rpcs.ControlService.RecordCosts, types.RecordCostsRequest(bills=[bill]))
    for cost in client.costs.by("pipeline", "month", pipeline="sdk_python_orders"):
        print(f"{cost.pipeline} since {cost.since}: {cost.total} {cost.currency}")
