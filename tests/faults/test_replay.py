"""A replayed event counts once: killed at any instant, twice at once, again and again."""

import json
import time
from typing import Any

import pytest
from confluent_kafka import Consumer, KafkaError, Producer, TopicPartition

from connectors.events.dead_letter import Reason
from connectors.events.replayed import REPLAY
from connectors.kafka.topics import DEAD_LETTER
from connectors.published.record_types import DeadLetterRecord, read_dead_letter
from state.times import rfc3339
from tests.faults.programs import Child
from tests.faults.world import INPUTS, PARTITIONS, ROOT, World, check, ended

pytestmark = pytest.mark.parametrize("world", ["real"], indirect=True)
"""On Apache Kafka: the embedded broker's transactions hide nothing."""
GOOD, BAD = 200, 130
INVALID = ("--reason", "invalid", "--json")
FIX = (*INVALID, "--fix", ".userId |= tostring")
CUTS = [
    ("begun", 1),
    ("marks read", 1),
    ("half written", 1),
    ("half written", 60),
    ("written", 1),
    ("committed", 1),
    ("written", 2),
    ("half written", 41),
    ("committed", 2),
]  # fmt: skip - in the order of a replay, and then once more


def spoil(world: World, count: int) -> None:
    """Write events of a producer that has the customer's id as a number."""
    producer = Producer(
        {"bootstrap.servers": world.bootstrap_servers, "partitioner": "murmur2_random"}
    )
    for number in range(count):
        event = {
            "messageId": f"bad-{number}",
            "type": "track",
            "event": "Product Viewed",
            "userId": number % 17,
            "timestamp": rfc3339(time.time_ns() // 1_000_000),
        }
        producer.produce(
            "touchpoints.kiosk", json.dumps(event), str(number % 17), headers=[("trace", b"\x00")]
        )
    producer.flush()


def replay(
    world: World, *options: str, how: str = "kill", point: str = "never", nth: int = 1
) -> Child:
    program = str(ROOT / "tests/faults/replay_victim.py")
    words = [program, how, point, str(nth), *options]
    return Child(words, world.environment, "stdin", "stdout", "stderr")


def said(child: Child, code: int = 0) -> dict[str, Any]:
    """The JSON that a replay ends with."""
    out, err = child.communicate(timeout=60)
    assert child.returncode == code, err
    found: dict[str, Any] = json.loads(out.splitlines()[-1])
    return found


def letters(world: World) -> list[DeadLetterRecord]:
    return [read_dead_letter(logged.value) for logged in world.log(DEAD_LETTER)]


def replayed(world: World) -> list[str]:
    """Message ids of what carries the header of a replay and is committed, in any order."""
    consumer = Consumer(
        {
            "bootstrap.servers": world.bootstrap_servers,
            "group.id": "test",
            "enable.partition.eof": True,
            "auto.offset.reset": "earliest",
            "isolation.level": "read_committed",
        }
    )
    consumer.assign([TopicPartition("touchpoints.kiosk", p, 0) for p in range(PARTITIONS)])
    left, found = PARTITIONS, []
    while left:
        message = consumer.poll(20)
        assert message is not None
        if (error := message.error()) is not None:
            assert error.code() == KafkaError._PARTITION_EOF, error
            left -= 1
        elif REPLAY in dict(message.headers() or []):
            assert ("trace", b"\x00") in (message.headers() or [])
            found.append(json.loads(message.value() or b"")["messageId"])
    consumer.close()
    return found


def test_a_replay_that_is_killed_at_any_instant_and_done_again_counts_each_event_once(
    world: World,
) -> None:
    produced = world.fill(GOOD, int(time.time() * 1000)) + BAD
    spoil(world, BAD)
    assert world.run("never", 1, produced) == 0
    bad = [letter for letter in letters(world) if letter.topic == "touchpoints.kiosk"]
    before = len(letters(world))
    assert sum(letter.reason is Reason.INVALID for letter in bad) == BAD

    flow = world.start("never", 1, produced + BAD)
    for point, nth in CUTS:
        child = replay(world, *FIX, point=point, nth=nth)
        _, err = child.communicate(timeout=60)
        assert child.returncode == -9, (point, err)
    last = said(replay(world, *FIX))
    assert last["replayed"] + last["already_replayed"] == BAD
    assert last["already_replayed"] >= 60, "what was committed before a kill is not written again"
    assert said(replay(world, *FIX)) == {**last, "replayed": 0, "already_replayed": BAD}
    ended(flow)
    assert flow.returncode == 0

    assert sorted(replayed(world)) == sorted(f"bad-{number}" for number in range(BAD))
    check(world, produced + BAD)
    assert len(letters(world)) == before, "none was refused again"
    assert world.counters().get("duplicate:kiosk", 0) == 0
    viewed = [world.profiles()[str(n)].channels["kiosk"].events for n in range(17)]
    assert sum(viewed) == BAD


def test_of_two_replays_at_once_the_later_goes_on_alone(world: World) -> None:
    spoil(world, BAD)
    assert world.run("never", 1, BAD) == 0
    first = replay(world, *FIX, how="wait", point="half written", nth=61)
    assert first.stdout.readline() == "waiting\n"
    second = said(replay(world, *FIX))
    assert second["already_replayed"] == 20, "what the first had committed"
    assert second["replayed"] == BAD - 20
    out, err = first.communicate("go on\n", timeout=60)
    assert first.returncode == 3, err
    assert json.loads(out)["replayed"] == 20
    assert "another replay has begun since" in err
    assert world.run("never", 1, 2 * BAD) == 0
    assert sorted(replayed(world)) == sorted(f"bad-{number}" for number in range(BAD))
    check(world, 2 * BAD)


def test_a_replay_that_is_fenced_while_it_writes_to_many_partitions_is_told_so_and_lives(
    world: World,
) -> None:
    program = str(ROOT / "tests/faults/fenced_replayer.py")
    words = [program, world.bootstrap_servers, str(PARTITIONS), "12", *INPUTS]
    child = Child(words, world.environment, "stdout", "stderr")
    out, err = child.communicate(timeout=120)
    assert (child.returncode, out) == (0, "fenced\n" * 12), err[-2000:]
    assert not replayed(world), "nothing of an unfinished batch is read"


def test_an_event_that_is_refused_again_is_a_new_dead_letter_that_keeps_its_first_time(
    world: World,
) -> None:
    spoil(world, 3)
    assert world.run("never", 1, 3) == 0
    old = {letter.value: letter for letter in letters(world)}
    told = said(replay(world, *INVALID))
    assert (told["replayed"], told["refused_again"]) == (3, {"invalid": 3})
    assert world.run("never", 1, 6) == 0
    new = letters(world)[:]
    again = [letter for letter in new if REPLAY in dict(letter.headers)]
    assert len(again) == 3
    for letter in again:
        assert letter.first_at == old[letter.value].at < letter.at
    told = said(replay(world, *FIX))
    assert (told["replayed"], told["already_replayed"]) == (3, 3)
    assert world.run("never", 1, 9) == 0
    check(world, 9)
    assert len(letters(world)) == 6
