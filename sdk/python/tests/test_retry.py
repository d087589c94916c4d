"""What is asked again, after how long, and what never is."""

from __future__ import annotations

import asyncio
import time

import grpc
import pytest
from fake import Answers, Fake, refuses

from downbeat import AsyncClient, Client, Retry, errors, rpcs
from downbeat._retry import Attempts, pushback
from downbeat._rpc import Kind

Code = grpc.StatusCode
FAST = Retry(attempts=5, first=0.001, most=0.002)


@pytest.mark.parametrize("kind", list(Kind))
@pytest.mark.parametrize("code", list(Code))
def test_only_what_helps_and_is_safe_is_asked_again(kind: Kind, code: Code) -> None:
    again = Attempts(Retry(), kind, deadline=10.0).next(code, [], now=0.0) is not None
    assert again == (kind is not Kind.ONCE and code in {Code.UNAVAILABLE, Code.RESOURCE_EXHAUSTED, Code.ABORTED})


def test_pauses_are_drawn_from_zero_to_a_bound_that_doubles() -> None:
    retry = Retry(first=0.1, most=1.0)
    assert [retry.pause(attempt, lambda: 1.0) for attempt in range(1, 7)] == [0.1, 0.2, 0.4, 0.8, 1.0, 1.0]
    assert retry.pause(3, lambda: 0.0) == 0.0
    assert retry.pause(10_000, lambda: 1.0) == 1.0


def test_attempts_end_with_their_number_and_with_the_deadline() -> None:
    counted = Attempts(Retry(attempts=3, first=0.0, most=0.0), Kind.READ, deadline=10.0)
    assert [counted.next(Code.UNAVAILABLE, [], 0.0) for _ in range(3)] == [0.0, 0.0, None]
    # A pause that would end behind the deadline is not begun.
    late = [("grpc-retry-pushback-ms", "600")]
    assert Attempts(Retry(), Kind.READ, deadline=1.0).next(Code.UNAVAILABLE, late, 0.3) == 0.6
    assert Attempts(Retry(), Kind.READ, deadline=1.0).next(Code.UNAVAILABLE, late, 0.5) is None


@pytest.mark.parametrize(
    ("trailers", "seconds"),
    [
        ([], None),
        ([("other", "1")], None),
        ([("grpc-retry-pushback-ms", "250")], 0.25),
        ([("grpc-retry-pushback-ms", "0")], 0.0),
        ([("grpc-retry-pushback-ms", "-1")], -0.001),
        ([("grpc-retry-pushback-ms", "soon")], -1.0),
    ],
)
def test_pushback(trailers: list[tuple[str, str]], seconds: float | None) -> None:
    assert pushback(trailers) == seconds


@pytest.mark.parametrize("bad", [{"attempts": 0}, {"first": -1.0}, {"first": 2.0, "most": 1.0}])
def test_a_retry_that_makes_no_sense_is_refused(bad: dict[str, float]) -> None:
    with pytest.raises(ValueError, match="attempts are 1 or more"):
        Retry(**bad)  # type: ignore[arg-type]


@pytest.mark.parametrize("code", [Code.ABORTED, Code.RESOURCE_EXHAUSTED, Code.UNAVAILABLE])
def test_a_start_that_is_repeated_carries_one_idempotency_key(fake: Fake, code: Code) -> None:
    fake.answers(refuses(code), refuses(code), rpcs.control.StartRunResponse(run_id="r-1"))
    with Client(fake.url, retry=FAST) as client:
        assert client.run("load").id == "r-1"
        assert client.run("load").id == "r-1"
    keys = [rpcs.control.StartRunRequest.FromString(asked.body).idempotency_key for asked in fake.asked]
    first, second = keys[:3], keys[3:]
    assert len(set(first)) == 1 and len(first[0]) == 36
    assert len(second) == 1 and second[0] != first[0], "each call draws its own"


def test_a_key_of_the_caller_is_kept(fake: Fake) -> None:
    fake.answers(rpcs.control.StartRunResponse(run_id="r-1", existed=True))
    with Client(fake.url) as client:
        assert client.run("load", idempotency_key="mine").existed
    assert rpcs.control.StartRunRequest.FromString(fake.asked[0].body).idempotency_key == "mine"


def test_what_is_not_idempotent_is_asked_once(fake: Fake) -> None:
    fake.answers(refuses(Code.UNAVAILABLE, "away"))
    with Client(fake.url, retry=FAST) as client, pytest.raises(errors.Unavailable, match="away"):
        client.call(rpcs.AccessService.CreateKey, rpcs.access.CreateKeyRequest(name="ci"))
    assert len(fake.asked) == 1


def test_a_refusal_is_final(fake: Fake) -> None:
    fake.answers(refuses(Code.FAILED_PRECONDITION, "paused", downbeat__code="PIPELINE_PAUSED"))
    with Client(fake.url, retry=FAST) as client, pytest.raises(errors.FailedPrecondition) as raised:
        client.run("load")
    error = raised.value
    assert (error.code, error.message, error.method) == ("FAILED_PRECONDITION", "paused", "ControlService/StartRun")
    assert error.downbeat_code == "PIPELINE_PAUSED"
    assert len(fake.asked) == 1


def test_the_server_may_say_when_to_come_again_or_not_to(fake: Fake) -> None:
    slow = Retry(first=20.0, most=20.0)
    fake.answers(refuses(Code.RESOURCE_EXHAUSTED, grpc__retry__pushback__ms="60"), rpcs.answers.GetNowResponse(now=7))
    with Client(fake.url, retry=slow) as client:
        began = time.monotonic()
        assert client.now().now == 7
        assert 0.05 < time.monotonic() - began < 10
        fake.answers(refuses(Code.RESOURCE_EXHAUSTED, grpc__retry__pushback__ms="-1"))
        fake.asked.clear()
        with pytest.raises(errors.ResourceExhausted):
            client.now()
    assert len(fake.asked) == 1


def test_all_attempts_together_have_the_timeout(fake: Fake) -> None:
    fake.answers(refuses(Code.UNAVAILABLE))
    began = time.monotonic()
    with Client(fake.url, timeout=0.3, retry=Retry(attempts=1000, first=0.02, most=0.05)) as client:
        # The last attempt may be cut short.
        with pytest.raises((errors.Unavailable, errors.DeadlineExceeded)):
            client.now()
    assert time.monotonic() - began < 2
    assert len(fake.asked) > 2
    assert all(asked.seconds_left <= 0.31 for asked in fake.asked)


def test_nobody_there_is_unavailable() -> None:
    with Client("http://127.0.0.1:1", retry=FAST) as client, pytest.raises(errors.Unavailable):
        client.now()


def test_a_watch_that_breaks_goes_on_and_says_nothing_twice(fake: Fake) -> None:
    def run(status: str, *tasks: tuple[str, str]) -> rpcs.metadata.WatchRunResponse:
        rows = [
            rpcs.metadata.TaskRun(id=f"id-{name}", task_id=name, status=of, index=index)
            for index, (name, of) in enumerate(tasks)
        ]
        return rpcs.metadata.WatchRunResponse(run=rpcs.metadata.Run(id="r-1", status=status), task_runs=rows)

    fake.answers(
        Answers([run("RUNNING", ("a", "RUNNING"))], Code.UNAVAILABLE, "restarting"),
        refuses(Code.UNAVAILABLE, "still restarting"),
        Answers([run("RUNNING", ("a", "RUNNING")), run("FAILED", ("a", "SUCCEEDED"), ("b", "FAILED"))]),
    )
    seen = []
    with Client(fake.url, retry=FAST) as client:
        fake_run = client_run(client)
        result = fake_run.wait(progress=lambda change: seen.append((change.run.status, len(change.changed))))
        assert seen == [("RUNNING", 1), ("FAILED", 2)]
        assert not result.ok and [task.task_id for task in result.failed] == ["b"] and list(result.tasks) == ["a", "b"]
        with pytest.raises(errors.RunFailed, match="r-1.*FAILED.*b: FAILED"):
            fake_run.wait(check=True)


def test_a_log_that_breaks_goes_on_behind_what_came(fake: Fake) -> None:
    def piece(offset: int, data: bytes) -> rpcs.metadata.ReadTaskLogResponse:
        return rpcs.metadata.ReadTaskLogResponse(offset=offset, data=data, attempt=2)

    fake.answers(
        Answers([piece(0, b"one\ntw"), piece(6, "ö".encode()[:1])], Code.UNAVAILABLE),
        Answers([piece(7, "ö".encode()[1:] + b"\n"), piece(9, b"last")]),
    )
    with Client(fake.url, retry=FAST) as client:
        assert list(client_run(client).logs("load", follow=True)) == ["one", "twö", "last"]
    again = rpcs.metadata.ReadTaskLogRequest.FromString(fake.asked[1].body)
    assert (again.offset, again.attempt, again.follow) == (7, 2, True)


def test_a_wait_that_takes_too_long_says_so_and_the_run_goes_on(fake: Fake) -> None:
    running = rpcs.metadata.WatchRunResponse(run=rpcs.metadata.Run(id="r-1", status="RUNNING"))
    fake.answers(Answers([running], Code.DEADLINE_EXCEEDED))
    with Client(fake.url) as client, pytest.raises(errors.WaitTimeout, match="r-1 has not ended after 3 s: it is RUNNING"):
        client_run(client).wait(timeout=3)


def test_the_asyncio_client_asks_again_too(fake: Fake) -> None:
    async def talk() -> str:
        async with AsyncClient(fake.url, retry=FAST) as client:
            return (await client.run("load")).id

    fake.answers(refuses(Code.ABORTED), rpcs.control.StartRunResponse(run_id="r-1"))
    assert asyncio.run(talk()) == "r-1"
    keys = {rpcs.control.StartRunRequest.FromString(asked.body).idempotency_key for asked in fake.asked}
    assert len(fake.asked) == 2 and len(keys) == 1


def client_run(client: Client):  # type: ignore[no-untyped-def]
    """A handle without a question."""
    from downbeat import Run

    return Run(client._transport, "r-1")
