"""Events in another partition than their customer's: forwarded, each once, whatever happens."""

import time

import pytest
from confluent_kafka import Producer
from msgspec import json, structs

from connectors.events.dead_letter import Reason
from connectors.kafka.topics import DEAD_LETTER, FORWARD
from connectors.published.record_types import read_dead_letter
from tests.faults.laws.judge import REPEATS
from tests.faults.test_trouble import back_to, remembered
from tests.faults.watching import metrics, until, until_said
from tests.faults.world import INPUTS, MIXED, PRODUCERS, World, check, ended

EVENTS = 600
WRONG = [name for name in PRODUCERS if name != "right"]
PRODUCED = [*(("embedded", name) for name in WRONG), ("real", WRONG[0])]


def now_ms() -> int:
    return int(time.time() * 1000)


@pytest.mark.parametrize(("world", "producer"), PRODUCED, indirect=["world"])
def test_what_a_producer_puts_anywhere_counts_as_if_it_had_come_right(
    world: World, producer: str
) -> None:
    produced = world.fill(EVENTS, now_ms(), producers=[producer])
    assert world.run("never", 1, produced) == 0
    assert check(world, produced) == dict.fromkeys(REPEATS, 0)
    assert len(world.log(FORWARD)) > EVENTS // 2


@pytest.mark.parametrize("point", ["4 committed", "5 half forwarded"])
def test_a_redis_from_the_past_forwards_again_and_nothing_counts_again(
    world: World, point: str
) -> None:
    world = structs.replace(world, flush_events=10)
    produced = world.fill(EVENTS, now_ms(), producers=MIXED)
    assert world.run("4 committed", 5, produced) == -9
    past = remembered(world)
    assert world.run(point, 40, produced) == -9
    back_to(world, past)
    assert world.run("4 committed", 12, produced) == -9
    assert world.run("never", 1, produced) == 0
    repeats = check(world, produced)
    assert repeats["rows"] > 0
    assert repeats["forwarded"] > 0


def test_processes_forward_to_each_other_and_one_that_dies_loses_nothing(world: World) -> None:
    produced = world.fill(EVENTS, now_ms(), producers=MIXED)
    first = world.start("never", 1, produced, worker="1/2")
    killed = world.start("5 half forwarded", 3, produced, worker="2/2")
    ended(killed)
    assert killed.returncode == -9
    again = world.start("never", 1, produced, worker="2/2")
    for child in (first, again):
        said = ended(child)
        assert child.returncode == 0, said
    assert check(world, produced)["forwarded"] > 0


def test_people_are_told_of_them_once_and_how_to_mend_it(world: World) -> None:
    produced = world.fill(EVENTS, now_ms(), producers=["librdkafka's own partitioner"])
    child = world.start("never", 1, produced + 1)
    look = metrics(child)
    said = until_said(child, "touchpoints.click: ")
    until(lambda: world.accounted() == produced, "all is done")
    page = look()
    child.terminate()
    said += ended(child)
    (line,) = [line for line in said.splitlines() if "touchpoints.click: " in line]
    assert "events came in another partition than their customer's and were forwarded" in line
    assert "set the producer's partitioner to murmur2_random and its key to the customer id" in line
    forwarded = {
        key[1]: n for key, n in page.items() if key[0] == "touchline_forwarded_events_total"
    }
    assert sum(forwarded.values()) == len(world.log(FORWARD))
    assert forwarded[FORWARD] == 0
    assert page["touchline_forward_repeats_total",] == 0
    counts = world.counters()
    assert {f"forwarded:{topic}": n for topic, n in forwarded.items() if n} == {
        name: n for name, n in counts.items() if name.startswith("forwarded:")
    }


def test_what_somebody_else_writes_among_the_forwarded_is_a_dead_letter_and_stops_nothing(
    world: World,
) -> None:
    produced = world.fill(EVENTS // 2, now_ms(), producers=["no key"])
    assert world.run("never", 1, produced) == 0
    sent = next(logged for logged in world.log(FORWARD) if b'"messageId"' in logged.value)
    mark = json.decode(sent.headers[0][1] or b"")
    forged: list[list[tuple[str, str | bytes | None]]] = [
        [],
        [("trace", b"1")],
        [("touchline-origin", None)],
        [("touchline-origin", b"\xff")],
        [("touchline-origin", b"{}")],
        [("trace", b"1"), ("touchline-origin", json.encode(mark))],
        [("touchline-origin", json.encode({**mark, "topic": "touchpoints.enriched"}))],
        [("touchline-origin", json.encode({**mark, "hops": 4}))],
    ]
    producer = Producer({"bootstrap.servers": world.bootstrap_servers})
    for headers in forged:
        producer.produce(FORWARD, sent.value, b"key", partition=sent.partition, headers=headers)
    # As a repeat, it is no event at all.
    producer.produce(FORWARD, sent.value, partition=sent.partition, headers=[*sent.headers])
    producer.flush()
    assert world.run("never", 1, produced + len(forged)) == 0
    letters = [read_dead_letter(logged.value) for logged in world.log(DEAD_LETTER)]
    found = [letter for letter in letters if letter.reason is Reason.BAD_ORIGIN]
    assert [(x.value, x.key, len(x.headers)) for x in found] == [
        (sent.value, b"key", len(headers)) for headers in forged
    ]
    assert {(x.topic, x.partition, x.stage) for x in found} == {(FORWARD, sent.partition, "decode")}


def test_a_bad_event_that_was_forwarded_is_a_dead_letter_of_the_place_where_it_came(
    world: World,
) -> None:
    """It was good where it came, and cannot be decided where it belongs; `check` looks there."""
    produced = world.fill(EVENTS, now_ms(), producers=MIXED)
    assert world.run("poison", 1, produced) == 0
    check(world, produced)
    letters = [read_dead_letter(logged.value) for logged in world.log(DEAD_LETTER)]
    undecidable = [x for x in letters if x.reason is Reason.UNDECIDABLE]
    assert {x.topic for x in undecidable} <= {*INPUTS}
    assert [x for x in undecidable if x.partition != x.applied.shard]
