"""What stands beside calls, what answers become, and what is refused before anything is sent."""

from __future__ import annotations

from datetime import datetime, timezone
from decimal import Decimal
from pathlib import Path

import grpc
import pytest
from fake import Fake, refuses

from downbeat import Client, DownbeatError, Retry, errors, instant, rpcs, types
from downbeat._address import address_of
from downbeat._pipeline_file import alias_of, source_root
from downbeat._version import VERSION
from downbeat.results import Lines
from downbeat.values import amount, from_json, micros, to_json


def position(sequence: int, log: str = "log-1") -> types.Position:
    return types.Position(log_id=log, sequence=sequence, hash=b"h")


@pytest.mark.parametrize(
    ("url", "target", "tls"),
    [
        ("http://127.0.0.1:7400", "127.0.0.1:7400", False),
        ("http://downbeat", "downbeat:80", False),
        ("https://downbeat.example.com/", "downbeat.example.com:443", True),
        ("http://[::1]:7400", "[::1]:7400", False),
    ],
)
def test_addresses(url: str, target: str, tls: bool) -> None:
    assert (address_of(url).target, address_of(url).tls) == (target, tls)


@pytest.mark.parametrize(
    "url", ["", "127.0.0.1:7400", "ftp://x", "http://", "http://x/api", "http://x:port", "http://x?a=b", "http://me:secret@x"]
)
def test_what_is_no_address_is_refused(url: str) -> None:
    with pytest.raises(ValueError, match="is no address of a server"):
        Client(url)


@pytest.mark.parametrize("key", ["", "a\nb", "schlüssel"])
def test_a_key_that_cannot_be_sent_is_refused_and_not_shown(key: str) -> None:
    with pytest.raises(ValueError) as raised:
        Client("http://127.0.0.1:1", key=key)
    assert "the key" in str(raised.value) and (not key or key not in str(raised.value))


@pytest.mark.parametrize("timeout", [0.0, -1.0, float("nan")])
def test_a_timeout_is_more_than_nothing(timeout: float) -> None:
    with pytest.raises(ValueError, match="seconds, more than 0"):
        Client("http://127.0.0.1:1", timeout=timeout)


def test_key_account_reason_and_version_stand_beside_every_call(fake: Fake) -> None:
    fake.answers(rpcs.answers.GetNowResponse())
    with Client(fake.url, "downbeat_0_x", "default", reason="nächtlich") as client:
        client.now()
    beside = fake.asked[0].metadata
    assert beside["authorization"] == "Bearer downbeat_0_x"
    assert beside["x-orchestra-account-id"] == "default"
    assert beside["downbeat-reason-bin"] == "nächtlich".encode()
    assert beside["user-agent"].startswith(f"downbeat-python/{VERSION} ")


def test_queries_ask_for_what_was_seen(fake: Fake) -> None:
    fake.answers(
        rpcs.control.StartRunResponse(run_id="r", position=position(7)),
        rpcs.answers.GetNowResponse(position=position(5)),
        rpcs.answers.GetNowResponse(position=position(9)),
        rpcs.answers.GetNowResponse(position=position(2, "another log")),
    )
    wanted = []
    with Client(fake.url) as client:
        client.run("load")
        for _ in range(4):
            client.now()
        mine = rpcs.answers.GetNowRequest(at_least=position(1))
        client.call(rpcs.AnswerService.GetNow, mine)
        assert client.position == position(2, "another log")
    for asked in fake.asked[1:]:
        at_least = rpcs.answers.GetNowRequest.FromString(asked.body).at_least
        wanted.append((at_least.log_id, at_least.sequence))
    assert wanted == [("log-1", 7), ("log-1", 7), ("log-1", 9), ("another log", 2), ("log-1", 1)]


def test_lists_fetch_page_by_page_and_only_what_is_read(fake: Fake) -> None:
    def page(token: str, *aliases: str) -> rpcs.metadata.ListPipelinesResponse:
        return rpcs.metadata.ListPipelinesResponse(
            pipelines=[types.Pipeline(alias=alias) for alias in aliases], next_page_token=token
        )

    pages = (page("t1", "a", "b"), page("t2"), page("", "c"))
    fake.answers(*pages)
    with Client(fake.url) as client:
        assert [pipeline.alias for pipeline in client.pipelines.list(page_size=2)] == ["a", "b", "c"]
        asked = [rpcs.metadata.ListPipelinesRequest.FromString(asked.body) for asked in fake.asked]
        assert [(request.page_token, request.page_size) for request in asked] == [("", 2), ("t1", 2), ("t2", 2)]
        fake.answers(*pages)
        fake.asked.clear()
        assert next(iter(client.pipelines.list())).alias == "a"
        assert len(fake.asked) == 1
        fake.answers(page("t1", "a"), page("t1", "a"))
        with pytest.raises(DownbeatError, match="same page token twice"):
            list(client.pipelines.list())


@pytest.mark.parametrize("code", [code for code in grpc.StatusCode if code is not grpc.StatusCode.OK])
def test_every_status_has_its_class(fake: Fake, code: grpc.StatusCode) -> None:
    fake.answers(refuses(code, "in the server's words"))
    with Client(fake.url, retry=Retry(attempts=1)) as client, pytest.raises(errors.CallError) as raised:
        client.now()
    assert type(raised.value) is errors.CLASSES[code] and raised.value.code == code.name
    assert "AnswerService/GetNow" in str(raised.value) and "in the server's words" in str(raised.value)
    assert isinstance(raised.value, TimeoutError) == (code is grpc.StatusCode.DEADLINE_EXCEEDED)


def test_a_server_that_lacks_an_rpc_may_be_older(fake: Fake) -> None:
    fake.answers(refuses(grpc.StatusCode.UNIMPLEMENTED))
    with Client(fake.url) as client, pytest.raises(errors.Unimplemented, match=f"version {VERSION}: the server may be older"):
        client.now()


def test_a_closed_client_says_so(fake: Fake) -> None:
    client = Client(fake.url)
    client.close()
    client.close()
    with pytest.raises(DownbeatError, match="closed"):
        client.now()


def test_where_nats_is_not_known_an_event_is_refused(fake: Fake) -> None:
    with Client(fake.url) as client, pytest.raises(DownbeatError, match="where NATS is was not said"):
        client.events.publish("orders.landed", {"rows": 3})


def test_costs_are_exact(fake: Fake) -> None:
    row = rpcs.cost.CostSum(pipeline="load", currency="EUR", estimated="-1", billed="12345678901234567890", total="0", entries=2)
    fake.answers(rpcs.cost.GetCostResponse(sums=[row]))
    with Client(fake.url) as client:
        since = datetime(2026, 11, 1, tzinfo=timezone.utc)
        (cost,) = client.costs.by("pipeline", "day", owner="data", since=since)
    assert (cost.estimated, cost.billed, cost.total) == (Decimal("-0.000001"), Decimal("12345678901234.567890"), Decimal(0))
    asked = rpcs.cost.GetCostRequest.FromString(fake.asked[0].body)
    assert list(asked.by) == [rpcs.cost.COST_GROUP_PIPELINE, rpcs.cost.COST_GROUP_DAY]
    assert (asked.filter.owner, getattr(asked.filter, "from")) == ("data", 1_793_491_200_000_000)


def test_values() -> None:
    at = datetime(2026, 11, 28, 9, 30, 0, 123456, tzinfo=timezone.utc)
    assert instant(micros(at)) == at and instant(0) is None and micros(None) == 0
    with pytest.raises(ValueError, match="no time zone"):
        micros(datetime(2026, 1, 1))
    assert amount("1500000") == Decimal("1.5") and amount("") == 0
    assert to_json(None) == "" and from_json("") is None and from_json(to_json({"a": [1]})) == {"a": [1]}
    with pytest.raises(ValueError):
        to_json(float("nan"))


def test_lines_that_never_end_are_cut() -> None:
    lines = Lines()
    assert lines.take(b"a\r\nb") == ["a"]
    assert lines.take(b"x" * (2 * Lines.LINE_BYTES_MAX))[0].startswith("bxx")
    assert sum(map(len, lines.rest())) == 1


@pytest.mark.parametrize(
    ("file", "alias"),
    [("daily-load.yml", "daily_load"), ("a/Sales Report (v2).yaml", "sales_report_v2"), ("x.oml", "x"), ("---.yml", "pipeline")],
)
def test_aliases_are_those_of_the_command(file: str, alias: str) -> None:
    assert alias_of(Path(file)) == alias


def test_a_file_called_pipeline_takes_its_folders_name_and_the_repository_is_the_source(tmp_path: Path) -> None:
    nested = tmp_path / "Weather Data"
    nested.mkdir()
    file = nested / "pipeline.yml"
    file.write_text("version: v1\n")
    assert alias_of(file) == "weather_data" and source_root(file) == nested.resolve()
    (tmp_path / ".git").mkdir()
    assert source_root(file) == tmp_path.resolve()


def test_text_needs_an_alias_and_a_file_must_be_there(fake: Fake, tmp_path: Path) -> None:
    with Client(fake.url) as client:
        with pytest.raises(ValueError, match="needs an alias"):
            client.pipelines.apply("version: v1\n")
        with pytest.raises(FileNotFoundError):
            client.pipelines.apply(tmp_path / "nothing.yml")
    assert fake.asked == []
