"""A topic that is not the one it was is accepted on purpose, and the flow goes on."""

import time
from itertools import count

import pytest
from confluent_kafka import Producer
from confluent_kafka.admin import AdminClient
from msgspec import structs

from connectors.kafka.topics import ENRICHED, channel_topic, create_topics
from connectors.published.record_types import read_enriched
from flows.simulate.stream import stream
from tests.faults.conftest import CHANNELS
from tests.faults.programs import Child
from tests.faults.rebuilding import accept, begun_with, kept, places
from tests.faults.watching import until
from tests.faults.world import PARTITIONS, World, ended, read_once

EVENTS = 600
REFUSED = ("duplicate:", "dead_letter:")
CHAT, CLICK = channel_topic("chat"), channel_topic("click")


def now_ms() -> int:
    return int(time.time() * 1000)


def make_anew(world: World, topic: str) -> None:
    """Delete a topic, and make it again."""
    admin = {"bootstrap.servers": world.bootstrap_servers}
    client = AdminClient({**admin})  # its answers come as long as it lives
    client.delete_topics([topic])[topic].result(10)
    create_topics(admin, CHANNELS, PARTITIONS)


def seen(world: World) -> list[str]:
    """Ids of the events that a reader takes from the enriched topic as it is now."""
    rows = [(x, read_enriched(x.value)) for x in world.log(ENRICHED) if x.key is not None]
    return [read_enriched(x.value).id for x in read_once((x, row.applied) for x, row in rows)]


def later(world: World, count: int) -> int:
    """Events of other people and another time; how many."""
    producer = Producer(
        {"bootstrap.servers": world.bootstrap_servers, "partitioner": "murmur2_random"}
    )
    for _, emission in zip(range(count), stream(99, 30, now_ms(), 200), strict=False):
        producer.produce(channel_topic(emission.channel), emission.value, emission.key)
    producer.flush()
    return count


@pytest.mark.parametrize("topic", [CHAT, ENRICHED])
def test_a_topic_that_is_the_same_as_before_is_nothing_to_accept(world: World, topic: str) -> None:
    produced = world.fill(EVENTS // 4, now_ms())
    assert world.run("never", 1, produced) == 0
    before = kept(world)
    told = accept(world, topic)
    assert (told.code, told.last) == (0, {"topic": topic, "changed": []})
    assert kept(world) == before


def test_of_what_the_state_remembers_nothing_there_is_nothing_to_accept(world: World) -> None:
    told = accept(world, "touchpoints.actions")
    assert (told.code, told.last["changed"]) == (0, [])


def test_a_name_that_is_none_of_the_topics_is_a_wrong_option(world: World) -> None:
    told = accept(world, "touchpoints.nope")
    assert told.code == 2
    assert "expected one of touchpoints.click, " in told.said


def test_a_redis_without_state_is_refused(world: World) -> None:
    told = accept(world, CHAT)
    assert told.code == 4
    assert "without any fence" in told.said


def test_an_input_made_anew_is_accepted_and_its_next_events_count_once(world: World) -> None:
    produced = world.fill(EVENTS, now_ms())
    assert world.run("never", 1, produced) == 0
    before = seen(world)
    make_anew(world, CHAT)
    told = accept(world, CHAT)
    assert told.code == 0, told.said
    assert [change["shard"] for change in told.last["changed"]] == list(range(PARTITIONS))
    assert {change["dropped"] for change in told.last["changed"]} == {0}
    more = later(world, EVENTS // 2)
    assert world.run("never", 1, produced + more) == 0
    assert world.accounted() == produced + more
    after = seen(world)
    assert set(before) < set(after)
    assert len(after) == len(set(after))
    accepted = sum(n for name, n in world.counters().items() if name.startswith("accepted:"))
    assert len(after) == accepted > produced
    assert accept(world, CHAT).last["changed"] == []


def test_who_does_not_say_yes_changes_nothing_and_is_told_how_to(world: World) -> None:
    produced = world.fill(EVENTS // 4, now_ms())
    assert world.run("never", 1, produced) == 0
    make_anew(world, CHAT)
    before = kept(world)
    words = ["-m", "flows.cli", "topics", "accept-recreated", CHAT]
    for answer, came in (("", "no answer"), ("n\n", "a no")):
        child = Child(words, world.environment, "stdin", "stdout", "stderr")
        _, said = child.communicate(answer, timeout=60)
        assert child.returncode == 1
        last = said.splitlines()[-1]
        assert "Error: nothing was changed: expected a yes to this question" in last
        assert last.endswith(f"got {came}; --yes answers it")
        assert kept(world) == before


def test_a_begun_flush_that_reads_the_topic_is_dropped_and_its_other_events_count(
    world: World,
) -> None:
    world = structs.replace(world, flush_events=50)
    produced = world.fill(EVENTS, now_ms())
    assert world.run("1 plan fixed", 5, produced) == -9
    seeds = count(8)
    while not (begun := begun_with(world, CHAT)):  # the broker gives its topics in any order
        if world.run("1 plan fixed", 5, produced) == 0:  # it has come to the end meanwhile
            produced += world.fill(EVENTS, now_ms(), seed=next(seeds))
    chats = len(world.log(CHAT))
    done = {shard: place[3][CHAT].next_offset for shard, place in places(world).items()}
    make_anew(world, CHAT)
    told = accept(world, CHAT)
    assert told.code == 0, told.said
    dropped = {c["shard"]: c for c in told.last["changed"] if c["dropped"]}
    assert dropped.keys() >= begun
    for shard, place in places(world).items():
        assert place[0] == (1 if shard in dropped else 0)
    left = produced - chats + sum(done.values())
    assert world.run("never", 1, left) == 0
    assert world.accounted() == left
    once = seen(world)
    repeated = len(once) - len(set(once))
    assert repeated <= sum(change["repeated"] for change in dropped.values())
    flaws = sum(n for name, n in world.counters().items() if name.startswith(REFUSED))
    assert produced > EVENTS or not flaws, "only later streams have something twice or broken"
    assert len(set(once)) >= left - flaws


def test_a_begun_flush_goes_into_a_plan_log_that_was_made_anew(world: World) -> None:
    produced = world.fill(EVENTS, now_ms())
    assert world.run("3 half produced", 6, produced) == -9
    before = seen(world)
    make_anew(world, ENRICHED)
    told = accept(world, ENRICHED)
    assert told.code == 0, told.said
    assert {change["generation"] for change in told.last["changed"]} == {None}
    assert world.run("never", 1, produced) == 0
    assert world.accounted() == produced
    after = seen(world)
    assert len(after) == len(set(after))
    assert len(set(after) | set(before)) == produced


def test_a_flow_that_runs_meanwhile_is_fenced(world: World) -> None:
    produced = world.fill(EVENTS // 4, now_ms())
    child = world.start("never", 1, produced + EVENTS)
    until(lambda: world.accounted() == produced, "all is done")
    # An input that is gone would crash the client on the embedded broker: the plan log stands for
    # it, whose change the flow sees by itself only some seconds later.
    make_anew(world, ENRICHED)
    assert accept(world, ENRICHED).code == 0
    world.fill(EVENTS // 4, now_ms(), seed=8)
    said = ended(child)
    assert child.returncode != 0
    assert "were taken by" in said or "was deleted or made anew" in said
