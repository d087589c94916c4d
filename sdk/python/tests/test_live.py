"""The clients against a real Downbeat: what they promise, end to end."""

from __future__ import annotations

import asyncio
import time
import uuid
from datetime import datetime, timedelta, timezone
from pathlib import Path

import pytest

from downbeat import AsyncClient, Client, RunChange, errors, rpcs

SCRIPT = """\
version: v1
name: Live test
inputs:
  who: {type: string, default: world}
  fails: {type: boolean, default: false}
pipeline:
  first:
    integration: PYTHON
    integration_job: PYTHON_EXECUTE_SCRIPT
    parameters:
      source: INLINE
      code: |
        import sys
        print("hello ${{ inputs.who }}")
        sys.exit("no rows today" if "${{ inputs.fails }}".lower() == "true" else 0)
  second:
    integration: ORCHESTRA
    integration_job: APPROVAL
    parameters: {}
    depends_on: [first]
"""
WAITS = """\
version: v1
name: Waits
pipeline:
  person:
    integration: ORCHESTRA
    integration_job: APPROVAL
    parameters: {}
"""


@pytest.fixture
def alias() -> str:
    return f"sdk_{uuid.uuid4().hex[:12]}"


@pytest.fixture
def client(url: str, key: str | None):  # type: ignore[no-untyped-def]
    with Client(url, key) as opened:
        yield opened


def test_a_pipeline_lives(client: Client, key: str | None, alias: str, tmp_path: Path) -> None:
    file = tmp_path / f"{alias}.yml"
    file.write_text(WAITS)
    first = client.pipelines.apply(file)
    assert (first.alias, first.version, first.changed) == (alias, 1, True)
    assert not client.pipelines.apply(str(file)).changed, "the same text is the same version"
    assert client.pipelines.apply(WAITS + "# changed\n", alias).version == 2
    assert client.pipelines.get(alias, version=1).source == WAITS
    assert alias in {pipeline.alias for pipeline in client.pipelines.list(page_size=1)}
    with pytest.raises(errors.AlreadyExists):
        client.pipelines.apply(WAITS, alias, create=True)
    with pytest.raises(errors.CallError) as broken:
        client.pipelines.apply("version: v1\nname: x\npipelin: {}\n", alias)
    assert isinstance(broken.value, (errors.InvalidArgument, errors.FailedPrecondition)) and "pipelin" in broken.value.message
    assert client.pipelines.pause(alias, "by a test") and not client.pipelines.pause(alias)
    assert client.pipelines.get(alias).pipeline.paused_reason == "by a test"
    with pytest.raises(errors.FailedPrecondition, match="paused"):
        client.run(alias)
    assert client.pipelines.resume(alias) and not client.pipelines.resume(alias)
    assert client.pipelines.health(alias).pipeline_id == first.pipeline_id
    assert client.pipelines.delete(alias)
    if key is not None:
        with pytest.raises(errors.NotFound):
            client.pipelines.delete(alias)
    with pytest.raises(errors.CallError):
        client.run(alias)


def test_a_run_lives(client: Client, alias: str) -> None:
    client.pipelines.apply(SCRIPT, alias)
    run = client.run(alias, {"who": "moon", "fails": True})
    changes: list[RunChange] = []
    failed = run.wait(progress=changes.append, timeout=60)
    assert not failed.ok and failed.status == "FAILED" and [task.task_id for task in failed.failed] == ["first"]
    assert changes[-1].run.status == "FAILED" and len(changes) > 1
    assert any("hello moon" in line for line in run.logs("first"))
    with pytest.raises(errors.RunFailed, match="first"):
        run.wait(check=True)
    assert run.why() and run.why("first")

    again = run.restart(inputs={"fails": False})
    assert again.id != run.id
    lines = list(again.logs("first", follow=True)) if _begun(again, "first") else []
    assert any("hello moon" in line for line in lines), "the log was followed to its end"
    waiting = _until(again, "second", "RUNNING", "QUEUED")
    assert again.waiting("second").status == waiting
    again.approve("second", "by a test")
    done = again.wait(timeout=60, check=True)
    assert done.ok and done.run.restart_of == run.id and list(done.tasks) == ["first", "second"]
    assert again.get() == done
    assert client.runs.get(again.id).id == again.id
    with pytest.raises(KeyError, match="no task 'third'"):
        done.outputs("third")


def test_a_repeated_key_is_the_same_run_and_runs_are_listed_in_pages(client: Client, alias: str) -> None:
    client.pipelines.apply(WAITS, alias)
    began = datetime.now(timezone.utc) - timedelta(minutes=5)
    first = client.run(alias, idempotency_key="nightly")
    assert client.run(alias, idempotency_key="nightly").id == first.id
    others = {client.run(alias).id for _ in range(4)}
    found = [run.id for run in client.runs.list(pipeline=alias, since=began, page_size=2)]
    assert len(found) == 5 and set(found) == others | {first.id}
    assert client.runs.count(pipeline=alias) == 5
    assert client.runs.count(pipeline=alias, statuses=["SUCCEEDED"]) == 0
    assert [task.task_id for task in client.runs.tasks(run_id=first.id)] == ["person"]
    with pytest.raises(errors.InvalidArgument):
        client.runs.count(statuses=["FINE"])
    assert first.mark("person", "SUCCEEDED", outputs={"rows": 3}, reason="by a test") == "SUCCEEDED"
    assert first.wait(timeout=60).outputs("person") == {"rows": 3}
    for run_id in others:
        client.runs.get(run_id).cancel("by a test")
    with pytest.raises(errors.NotFound):
        client.runs.get(str(uuid.uuid4()))


def test_a_wait_gives_up_and_the_run_goes_on(client: Client, alias: str) -> None:
    client.pipelines.apply(WAITS, alias)
    run = client.run(alias)
    with pytest.raises(errors.WaitTimeout, match="it goes on"):
        run.wait(timeout=0.5)
    assert not run.get().ended
    assert run.cancel("by a test") in ("CANCELLING", "CANCELLED")
    assert run.wait(timeout=60).status == "CANCELLED"


def test_answers(client: Client) -> None:
    assert client.now(limit=1).now > 0 and client.position is not None
    assert client.broken(limit=1).now > 0
    assert client.costs.savings().to > 0
    assert list(client.costs.budgets()) == []
    for entry in client.costs.entries(page_size=1):
        assert entry.id
    with pytest.raises(errors.CallError):
        client.assets.get("there/is.no.such.asset")
    assert client.call(rpcs.ControlService.ListPools, rpcs.control.ListPoolsRequest()).pools is not None


def test_the_key_decides_what_may_be_done(client: Client, url: str, key: str | None, alias: str) -> None:
    if key is None:
        pytest.skip("without a gateway nobody is asked for a key")
    client.pipelines.apply(WAITS, alias)
    for nobody in (None, "downbeat_00000000_nobodys"):
        with Client(url, nobody) as stranger, pytest.raises(errors.Unauthenticated):
            stranger.now()
    viewer = rpcs.access.CreateKeyRequest(name=alias, grants=[rpcs.access.Grant(role="VIEWER")])
    made = client.call(rpcs.AccessService.CreateKey, viewer)
    with Client(url, made.secret) as reader:
        _once_known(reader)
        assert [pipeline.alias for pipeline in reader.pipelines.list() if pipeline.alias == alias] == [alias]
        with pytest.raises(errors.PermissionDenied):
            reader.run(alias)
    assert client.call(rpcs.AccessService.RevokeKey, rpcs.access.RevokeKeyRequest(key=made.key.id)).changed


def test_the_asyncio_client_does_the_same(url: str, key: str | None, alias: str) -> None:
    async def talk() -> None:
        async with AsyncClient(url, key, reason="by a test") as client:
            await client.pipelines.apply(SCRIPT, alias)
            run = await client.run(alias, {"who": "sun"})
            followed: list[str] = []
            approved = False
            async for change in run.watch(timeout=60):
                second = [task for task in change.changed if task.task_id == "second"]
                if not approved and second and second[0].status in ("RUNNING", "QUEUED"):
                    followed = [line async for line in run.logs("first", follow=True)]
                    await run.approve("second")
                    approved = True
            result = await run.wait(check=True)
            assert result.ok and any("hello sun" in line for line in followed)
            assert [found.id async for found in client.runs.list(pipeline=alias)] == [run.id]
            assert (await client.now()).now > 0
            with pytest.raises(errors.NotFound):
                await client.run("there_is_no_such_pipeline")

    asyncio.run(talk())


def _once_known(reader: Client) -> None:
    """Gateways are told of a key a moment after it was made."""
    until = time.monotonic() + 20
    while True:
        try:
            reader.now()
            return
        except errors.Unauthenticated:
            assert time.monotonic() < until, "the gateway never knew the key"
            time.sleep(0.02)


def _begun(run, task: str) -> bool:  # type: ignore[no-untyped-def]
    return _until(run, task, "RUNNING", "SUCCEEDED") != ""


def _until(run, task: str, *statuses: str) -> str:  # type: ignore[no-untyped-def]
    """The status of a task once it is one of these."""
    for change in run.watch(timeout=60):
        for changed in change.changed:
            if changed.task_id == task and changed.status in statuses:
                return str(changed.status)
    return ""
