"""`touchline tail` follows the decisions in Kafka, for as long as it is let."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from confluent_kafka import Producer

from connectors.kafka.murmur2 import partition_of
from connectors.kafka.reader import Place, Record
from connectors.kafka.topics import ACTIONS, ENRICHED, create_topics
from connectors.published.records import action_record, enriched_record
from flows.commands.tail import command
from flows.commands.tail.following import _Waiting
from flows.local.ports import loopback_port
from flows.local.services import start_kafka
from flows.settings import Settings
from state.applied import Applied
from state.decision import Action
from state.touchpoint import Touchpoint
from tests.services import running

ROOT = Path(__file__).parents[2]
PARTITIONS = Settings().partitions
NOON_MS = 1_767_268_800_000
WAIT_S = 20


class Log:
    """Writes actions as the flow does."""

    def __init__(self, servers: str) -> None:
        self.servers = servers
        self._producer = Producer({"bootstrap.servers": servers})
        self._index = 0

    def segment(self, customer: str, segment: str, index: int | None = None) -> bytes:
        """`customer` entered `segment`, at a place of their shard after the last one."""
        self._index += 1
        shard = partition_of(customer, PARTITIONS)
        place = Applied(shard, 0, 1, self._index if index is None else index)
        action = Action(f"{self._index:032x}", "segment.entered", "m-1", {"segment": segment})
        value = action_record(customer, action, NOON_MS + self._index, "v1", place)
        self.write(ACTIONS, shard, value, customer)
        return value

    def event(self, customer: str) -> None:
        """`customer` did something."""
        shard = partition_of(customer, PARTITIONS)
        raw = b'{"properties":{"product_id":"p-1"}}'
        touchpoint = Touchpoint(
            "0", b"", "m-1", customer, "click", "track", "Product Viewed", 0, 0, {}, {}, raw
        )
        value = enriched_record(touchpoint, {}, [], Applied(shard, 0, 1, 0), "v1")
        self.write(ENRICHED, shard, value, customer)

    def write(self, topic: str, partition: int, value: bytes, key: str) -> None:
        self._producer.produce(topic, value, key, partition=partition)
        assert self._producer.flush(10) == 0


@pytest.fixture
def log(fresh_topics: str) -> Log:
    return Log(fresh_topics)


def tail(servers: str, *arguments: str) -> Result:
    return CliRunner().invoke(command, ["--bootstrap-servers", servers, *arguments])


@contextmanager
def tailing(servers: str, *arguments: str) -> Iterator["subprocess.Popen[str]"]:
    """A running `touchline tail` with its output in pipes."""
    process = subprocess.Popen(
        [sys.executable, "-m", "flows.cli", "tail", "--bootstrap-servers", servers, *arguments],
        cwd=ROOT,
        env={**os.environ, "PYTHONUNBUFFERED": "1"},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        yield process
    finally:
        process.kill()
        process.communicate()


def test_from_the_start_everything_is_told_once_and_programs_get_the_records_bytes(
    log: Log,
) -> None:
    anns, bobs = [log.segment("ann", "vip", 1)], [log.segment("bob", "vip", 1)]
    log.segment("ann", "vip", 1)  # a repeat
    anns.append(log.segment("ann", "family", 2))
    told = tail(log.servers, "--from-start", "--limit", "3", "--json")
    assert told.exit_code == 0
    values = [line.encode() for line in told.stdout.splitlines()]
    # Of different customers any may come first: their partitions are read beside each other.
    assert [value for value in values if value in bobs] == bobs
    assert [value for value in values if value not in bobs] == anns
    lines = tail(log.servers, "--from-start", "--limit", "3").stdout.splitlines()
    words = [line.split()[3:] for line in lines]
    assert sorted(words, key=lambda each: each[0]) == [
        ["ann", "vip"],
        ["ann", "family"],
        ["bob", "vip"],
    ]


def test_what_is_read_at_once_is_told_by_its_time(monkeypatch: pytest.MonkeyPatch) -> None:
    def value(customer: str, second: int) -> bytes:
        place = Applied(partition_of(customer, PARTITIONS), 0, 1, second)
        action = Action("0", "segment.entered", "m-1", {"segment": "vip"})
        return action_record(customer, action, NOON_MS + second * 1_000, "v1", place)

    batch = [
        Record(Place(ACTIONS, partition_of(name, PARTITIONS)), n, name.encode(), value(name, n))
        for name, n in (("bob", 2), ("bob", 4), ("ann", 1), ("ann", 3))
    ]
    monkeypatch.setattr("flows.commands.tail.follow", lambda *_: iter([batch]))
    lines = tail("127.0.0.1:1", "--limit", "3").stdout.splitlines()
    assert [line.split()[3] for line in lines] == ["ann", "bob", "ann"]


def test_programs_get_a_record_of_several_lines_on_one(log: Log) -> None:
    spread = log.segment("ann", "vip").replace(b",", b",\n").replace(b'"index":1', b'"index":2')
    log.write(ACTIONS, partition_of("ann", PARTITIONS), spread, "ann")
    told = tail(log.servers, "--from-start", "--limit", "2", "--json")
    first, second = (json.loads(line) for line in told.stdout.splitlines())
    assert second == first | {"applied": first["applied"] | {"index": 2}}


def test_what_is_waited_for_is_told_once_however_it_is_put_until_it_is_there() -> None:
    said: list[str] = []
    waiting = _Waiting(said.append)
    waiting.end()
    for why in ("no broker answers", "timed out", "timed out"):
        waiting.begin(why)
    waiting.begin("no topic", "somebody to make it")
    waiting.end()
    waiting.end()
    waiting.begin("timed out")
    assert said == [
        "Kafka: no broker answers; waiting for an answer",
        "Kafka: no topic; waiting for somebody to make it",
        "Kafka: going on",
        "Kafka: timed out; waiting for an answer",
    ]


def test_of_one_customer_only_their_partition_is_read(log: Log) -> None:
    shard = partition_of("ann", PARTITIONS)
    other = next(name for name in ("bob", "eve", "joe") if partition_of(name, PARTITIONS) != shard)
    log.write(ACTIONS, partition_of(other, PARTITIONS), b"unreadable", other)
    log.segment("ann", "vip")
    told = tail(log.servers, "--customer", "ann", "--from-start", "--limit", "1")
    assert (told.exit_code, told.stderr) == (0, "")
    assert told.stdout.split()[3:] == ["ann", "vip"]


def test_filters_choose_and_an_age_goes_back(log: Log) -> None:
    log.segment("ann", "vip")
    log.event("ann")
    log.segment("ann", "family")
    told = tail(log.servers, "--since", "1h", "--segment", "family", "--limit", "1")
    assert told.stdout.split()[4:] == ["family"]
    told = tail(log.servers, "--since", "1h", "--kind", "event", "--limit", "1")
    assert told.stdout.endswith("Product Viewed        click: p-1\n")


def test_what_cannot_be_read_is_told_once_and_counted(log: Log) -> None:
    shard = partition_of("ann", PARTITIONS)
    for _ in range(3):
        log.write(ACTIONS, shard, b"{}", "ann")
    log.segment("ann", "vip")
    told = tail(log.servers, "--from-start", "--limit", "1", "--for", str(WAIT_S))
    assert told.exit_code == 0
    assert told.stdout.count("\n") == 1
    first, last = told.stderr.splitlines()
    where = f"touchpoints.actions[{shard}] offset 0"
    assert first.startswith(f"{where}: expected a record of Touchline's")
    assert last == "3 records were left out"


def test_of_one_that_cannot_be_read_no_number_is_told_and_an_age_before_1970_is_all(
    log: Log,
) -> None:
    log.write(ACTIONS, partition_of("ann", PARTITIONS), b"{}", "ann")
    log.segment("ann", "vip")
    told = tail(log.servers, "--since", "99999d", "--limit", "1", "--for", str(WAIT_S))
    assert (told.exit_code, told.stdout.split()[-1:]) == (0, ["vip"])
    (line,) = told.stderr.splitlines()
    assert "expected a record of Touchline's" in line


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_it_follows_until_it_is_told_to_end(log: Log, number: int) -> None:
    with tailing(log.servers, "--json", "--from-start") as process:
        assert process.stdout is not None
        for segment in ("vip", "family"):
            log.segment("ann", segment)
            assert json.loads(process.stdout.readline())["body"]["segment"] == segment
        process.send_signal(number)
        out, err = process.communicate(timeout=WAIT_S)
    assert (process.returncode, out, err) == (0, "", "")


def test_without_a_beginning_only_what_comes_from_now_on_is_told(log: Log) -> None:
    log.segment("ann", "before")
    with tailing(log.servers, "--json", "--limit", "1", "--for", str(WAIT_S)) as process:
        deadline = time.monotonic() + WAIT_S
        while process.poll() is None and time.monotonic() < deadline:
            log.segment("ann", "after")
            time.sleep(0.1)  # it says to nobody that it is there
        out, _ = process.communicate()
    assert json.loads(out)["body"]["segment"] == "after"


def test_a_reader_that_has_gone_ends_it_in_peace(log: Log) -> None:
    ours, theirs = os.pipe()
    os.close(ours)
    log.segment("ann", "vip")
    command_line = [sys.executable, "-m", "flows.cli", "tail", "--from-start"]
    done = subprocess.run(
        [*command_line, "--bootstrap-servers", log.servers],
        cwd=ROOT,
        stdout=theirs,
        stderr=subprocess.PIPE,
        timeout=WAIT_S,
        check=False,
    )
    os.close(theirs)
    assert (done.returncode, done.stderr) == (0, b"")


def test_a_broker_that_is_away_is_waited_for_with_one_line(tmp_path: Path) -> None:
    port = loopback_port(0, "")
    servers = f"127.0.0.1:{port}"
    with tailing(servers, "--from-start", "--limit", "1") as process:
        assert process.stderr is not None
        away = process.stderr.readline()
        assert away == f"Kafka: no broker answers at {servers}; waiting for an answer\n"
        with contextmanager(running)(partial(start_kafka, port=port), tmp_path):
            missing = process.stderr.readline()
            assert missing.startswith(f"Kafka: no topic {ACTIONS} at {servers}; waiting for ")
            create_topics({"bootstrap.servers": servers}, Settings().channels, PARTITIONS)
            Log(servers).segment("ann", "vip")
            out, err = process.communicate(timeout=WAIT_S)
    assert (process.returncode, err) == (0, "Kafka: going on\n")
    assert out.split()[3:] == ["ann", "vip"]


def test_a_broker_that_is_away_for_as_long_as_it_may_run_is_a_failure() -> None:
    away = tail("127.0.0.1:1", "--for", "0.2")
    assert (away.exit_code, away.stdout) == (1, "")
    (line,) = away.stderr.splitlines()
    assert line.startswith("Error: Kafka: nothing could be read at 127.0.0.1:1 for as long as")
    assert "--bootstrap-servers" in line


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["--from-start", "--since", "1h"], "--from-start and --since say different beginnings"),
        (["--since", "soon"], "expected a duration such as 90s, 10m, 12h or 7d, got 'soon'"),
        (["--since", "0m"], "expected a duration such as 90s, 10m, 12h or 7d, got '0m'"),
        (
            ["--kind", "offer", "--severity", "info"],
            "--severity is about alert.raised and alert.escalated and",
        ),
        (["--kind", "event", "--segment", "vip"], "--segment is about segment.entered and segm"),
        (["--kind", "offers"], "'offers' is not one of"),
        (["--customer", "ann\n"], "expected 1 to 256 characters, no control characters"),
        (["--limit", "0"], "'--limit'"),
    ],
)
def test_what_contradicts_itself_is_refused_before_anything_is_asked(
    arguments: list[str], told: str
) -> None:
    wrong = tail("127.0.0.1:1", *arguments)
    assert (wrong.exit_code, wrong.stdout) == (2, "")
    assert told in wrong.stderr.splitlines()[-1]
