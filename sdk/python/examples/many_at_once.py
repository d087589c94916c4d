"""Starts ten runs at once and waits for all of them, with asyncio."""

import asyncio

from downbeat import AsyncClient

PIPELINE = """\
version: v1
name: Waits for a person
inputs:
  number: {type: number}
pipeline:
  decide:
    integration: ORCHESTRA
    integration_job: APPROVAL
    parameters: {}
"""


async def one(client: AsyncClient, number: int) -> str:
    run = await client.run("sdk_python_many", inputs={"number": number})
    async for change in run.watch(timeout=60):
        # Nothing else is in the way of this task: it waits for us.
        if any(task.status in ("QUEUED", "RUNNING") for task in change.changed):
            await run.approve("decide", comment="by the example")
            break
    return (await run.wait(timeout=60)).status


async def main() -> None:
    async with AsyncClient.from_environment() as client:
        await client.pipelines.apply(PIPELINE, alias="sdk_python_many")
        statuses = await asyncio.gather(*(one(client, number) for number in range(10)))
        print(f"{statuses.count('SUCCEEDED')} of {len(statuses)} SUCCEEDED")


asyncio.run(main())
