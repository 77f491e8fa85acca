"""`touchline simulate` does what its options say, and ends as it should."""

import json
import os
import signal
import subprocess
import sys
import time
from itertools import islice
from pathlib import Path

import orjson
import pytest
from click.testing import CliRunner
from confluent_kafka import Consumer, KafkaException, TopicPartition
from redis import Redis

from connectors.kafka.murmur2 import partition_of
from connectors.kafka.topics import channel_topic
from flows.commands.simulate import command
from flows.simulate.run import CHANNELS, start_of
from flows.simulate.sinks import KafkaSink
from flows.simulate.stream import stream
from state.store.keys import offers_key

START = "2026-01-31T12:00:00Z"
START_MS = 1_769_860_800_000
PROGRAM = [sys.executable, "-c", "from flows.cli import main; main()", "simulate"]

Record = tuple[str, int, str, bytes]
"""Topic, partition, key, value."""


def simulate(*options: str) -> str:
    result = CliRunner().invoke(command, options, catch_exceptions=False)
    assert result.exit_code == 0, result.output
    return result.stdout


def consumed(bootstrap_servers: str, count: int) -> list[Record]:
    """The first `count` records of the channels' topics; fewer after 30 s."""
    consumer = Consumer({"bootstrap.servers": bootstrap_servers, "group.id": "test"})
    consumer.assign(
        [TopicPartition(channel_topic(c), shard, 0) for c in CHANNELS for shard in range(16)]
    )
    records: list[Record] = []
    until = time.monotonic() + 30
    while len(records) < count and time.monotonic() < until:
        for message in consumer.consume(1_000, 0.1):
            if (error := message.error()) is not None:
                raise KafkaException(error)
            key = message.key() or b""
            where = (message.topic() or "", message.partition() or 0)
            records.append((*where, key.decode(), message.value() or b""))
    consumer.close()
    return records


def test_with_out_the_same_seed_and_start_write_the_same_file(tmp_path: Path) -> None:
    for name in ("a", "b"):
        env = {**os.environ, "PYTHONHASHSEED": "1" if name == "a" else "2"}
        options = ["--count", "2000", "--start", START, "--out", str(tmp_path / name)]
        subprocess.run([*PROGRAM, *options], env=env, check=True, capture_output=True)
    lines = (tmp_path / "a").read_bytes().splitlines()
    assert len(lines) == 2_000
    assert lines == (tmp_path / "b").read_bytes().splitlines()
    assert set(orjson.loads(lines[0])) == {"topic", "key", "value"}


def test_out_to_stdout_writes_lines_only() -> None:
    lines = simulate("--count", "20", "--out", "-").splitlines()
    assert len(lines) == 20
    assert all(json.loads(line)["topic"].startswith("touchpoints.") for line in lines)


def test_the_closing_line_accounts_for_every_event(tmp_path: Path) -> None:
    out = tmp_path / "events"
    summary = json.loads(simulate("--count", "30000", "--out", str(out), "--json"))
    topics = [orjson.loads(line)["topic"] for line in out.read_bytes().splitlines()]
    assert summary["events"] == {c: topics.count(channel_topic(c)) for c in CHANNELS}
    assert summary["delivered"] == len(topics) == 30_000
    assert summary["failed"] == 0
    assert summary["answers"] == {}
    assert min(summary[flaw] for flaw in ("duplicates", "late", "broken")) > 0


def test_for_and_rate_are_kept_to(tmp_path: Path) -> None:
    out = str(tmp_path / "events")
    summary = json.loads(simulate("--rate", "500", "--for", "1", "--out", out, "--json"))
    assert 490 <= summary["delivered"] <= 501
    assert 1 <= summary["seconds"] < 2


def test_for_is_kept_to_between_two_rare_events(tmp_path: Path) -> None:
    out = str(tmp_path / "events")
    summary = json.loads(simulate("--rate", "0.1", "--for", "0.3", "--out", out, "--json"))
    assert summary["delivered"] == 1
    assert summary["seconds"] < 2


def test_as_fast_as_possible_no_event_comes_from_the_future() -> None:
    now_ms = 1_760_000_000_000
    start_ms = start_of(now_ms, 0, 10_000)
    *_, last = islice(stream(1, 10, start_ms, 0), 10_000)
    assert now_ms - 10 <= last.due_ms <= now_ms


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_ends_it_within_2_seconds_with_nothing_cut_off(
    number: int, tmp_path: Path
) -> None:
    out = tmp_path / "events"
    process = subprocess.Popen(
        [*PROGRAM, "--rate", "2000", "--out", str(out), "--json"], stdout=subprocess.PIPE
    )
    until = time.monotonic() + 30
    while time.monotonic() < until and not (out.exists() and out.stat().st_size):
        time.sleep(0.02)
    process.send_signal(number)
    summary, _ = process.communicate(timeout=2)
    assert process.returncode == 0
    assert json.loads(summary)["delivered"] == len(
        [orjson.loads(line) for line in out.read_bytes().splitlines()]
    )


def test_a_reader_of_stdout_may_leave() -> None:
    process = subprocess.Popen(
        [*PROGRAM, "--out", "-"], stdout=subprocess.PIPE, stderr=subprocess.PIPE
    )
    assert process.stdout is not None
    assert process.stderr is not None
    process.stdout.readline()
    process.stdout.close()
    assert process.wait(timeout=30) == 0
    assert process.stderr.read() == b""
    process.stderr.close()


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (["--json", "--out", "-"], "--json and --out -"),
        (["--start", "2026-01-31 12:00"], "2026-01-31T12:00:00Z"),
        (["--start", "1900-01-01T00:00:00Z"], "expected a year from 1971 to 2999"),
        (["--rate", "nan"], "nan is not a finite number"),
        (["--rate", "inf"], "'--rate': inf is not in the range"),
        (["--rate", "1e-9"], "expected 0, or 0.001 and more, got 1e-09"),
        (["--for", "nan"], "'--for': nan is not a finite number"),
        (["--count", "1000000000000"], "'--count': 1000000000000 is not in the range"),
        (["--redis-url", "foo"], "'--redis-url': expected redis://, rediss:// or unix://"),
        (["--redis-url", "redis://me:secret@h?no=1"], "'--redis-url': expected redis://"),
        (["--bootstrap-servers", "nowhere"], "'--bootstrap-servers': expected host:port"),
        (["--out", ""], "'--out': expected a path, got nothing"),
        (
            ["--count", "1", "--out", "/none/at/all"],
            "--out /none/at/all: cannot be written: No such",
        ),
        (["--fail-fast", "--bootstrap-servers", "127.0.0.1:1"], "127.0.0.1:1 does not answer"),
    ],
)
def test_what_cannot_be_done_is_said_in_a_sentence(options: list[str], said: str) -> None:
    result = CliRunner().invoke(command, options)
    assert result.exit_code != 0
    assert said in result.stderr
    assert "Traceback" not in result.output
    assert "secret" not in result.output


def test_a_misspelt_kafka_option_is_said_in_a_sentence_and_not_waited_for() -> None:
    env = {"TOUCHLINE_KAFKA_SECURITY_PROTOCAL": "SSL"}
    result = CliRunner().invoke(command, ["--bootstrap-servers", "127.0.0.1:1"], env=env)
    assert result.exit_code == 1
    assert isinstance(result.exception, SystemExit)
    assert 'No such configuration property: "security.protocal"' in result.stderr


def test_an_absent_kafka_is_waited_for_no_longer_than_the_run_was_to_last() -> None:
    began_s = time.monotonic()
    result = CliRunner().invoke(command, ["--for", "0.2", "--bootstrap-servers", "127.0.0.1:1"])
    assert time.monotonic() - began_s < 10
    assert result.exit_code == 1
    assert result.stderr.splitlines()[-1] == "Error: Kafka at 127.0.0.1:1 does not answer"


def test_an_absent_kafka_is_named_and_waited_for_until_a_signal() -> None:
    process = subprocess.Popen(
        [*PROGRAM, "--bootstrap-servers", "127.0.0.1:1"], stderr=subprocess.PIPE
    )
    assert process.stderr is not None
    assert b"127.0.0.1:1 does not answer; trying again" in process.stderr.readline()
    process.terminate()
    assert process.wait(timeout=2) == 0
    process.stderr.close()


def test_what_is_not_delivered_is_counted_and_said_once() -> None:
    said: list[str] = []
    config = {"bootstrap.servers": "127.0.0.1:1", "message.timeout.ms": "200"}
    sink = KafkaSink(config, said.append, lambda: False, flat_out=False)
    for _ in range(3):
        sink.send("click", "c-000001", b"{}", until_s=float("inf"))
    sink.close(patience_s=float("inf"))
    assert sink.failed() == 3
    assert len([text for text in said if "not delivered" in text]) == 1


def test_a_run_that_was_to_end_gives_up_events_that_kafka_does_not_take() -> None:
    said: list[str] = []
    sink = KafkaSink(
        {"bootstrap.servers": "127.0.0.1:1"}, said.append, lambda: False, flat_out=False
    )
    for _ in range(3):
        sink.send("click", "c-000001", b"{}", until_s=float("inf"))
    sink.close(patience_s=0.3)
    assert sink.failed() == 3
    assert said[-1] == "Kafka at 127.0.0.1:1 did not take what was queued in time"


def test_a_full_queue_is_waited_for_no_longer_than_the_run_is_to_last() -> None:
    config = {"bootstrap.servers": "127.0.0.1:1", "queue.buffering.max.messages": "1"}
    sink = KafkaSink(config, lambda text: None, lambda: False, flat_out=False)
    for _ in range(3):
        sink.send("click", "c-000001", b"{}", until_s=0)
    sink.close(patience_s=0)
    assert sink.failed() == 3


def test_events_that_kafka_does_not_take_make_it_exit_with_1(
    fresh_topics: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TOUCHLINE_KAFKA_MESSAGE_MAX_BYTES", "1000")
    options = ["--bootstrap-servers", fresh_topics, "--count", "3000", "--rate", "0", "--json"]
    result = CliRunner().invoke(command, options)
    assert result.exit_code == 1
    summary = json.loads(result.stdout)
    assert 0 < summary["failed"] < 300
    assert summary["delivered"] == 3_000 - summary["failed"]
    assert result.stderr.count("\n") == 1
    assert "too large" in result.stderr


def test_every_event_arrives_once_in_the_partition_that_java_clients_choose(
    fresh_topics: str,
) -> None:
    simulate(
        "--bootstrap-servers", fresh_topics, "--count", "5000", "--rate", "0", "--start", START
    )
    expected = sorted(
        (channel_topic(e.channel), partition_of(e.key, 16), e.key, e.value)
        for e in islice(stream(1, 5_000, START_MS, 0), 5_000)
    )
    assert sorted(consumed(fresh_topics, 5_000)) == expected


def test_customers_answer_the_offers_that_redis_holds_for_them(
    fresh_topics: str, fresh_redis: str
) -> None:
    with Redis.from_url(fresh_redis) as redis:
        for number in range(1, 101):
            offer = {
                "offer_id": "welcome",
                "decision_id": f"d-{number}",
                "channel": "click",
                "placement": "home",
            }
            redis.set(offers_key(f"c-{number:06d}"), orjson.dumps({"offers": [offer]}))
    where = ["--bootstrap-servers", fresh_topics, "--redis-url", fresh_redis]
    options = ["--customers", "100", "--rate", "100", "--for", "3", "--json"]
    summary = json.loads(simulate(*where, *options))
    assert summary["answers"]["Offer Shown"] > 5
    assert sum(summary["events"].values()) <= 301
    shown = {}
    for topic, _, key, value in consumed(fresh_topics, summary["delivered"]):
        if b'"Offer Shown"' in value:
            assert topic == "touchpoints.click"
            shown[key] = orjson.loads(value)["properties"]["decision_id"]
    assert len(shown) == summary["answers"]["Offer Shown"]
    assert shown == {key: f"d-{int(key[2:])}" for key in shown}
