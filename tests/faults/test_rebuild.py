"""Redis has lost everything, and the state is made anew from Kafka: the same, and silently."""

import os
import re
import signal
import time
from collections import Counter
from pathlib import Path

import pytest
import redis
from confluent_kafka import Producer
from confluent_kafka.admin import AdminClient
from msgspec import structs

from connectors.kafka.topics import ENRICHED, FORWARD, create_topics
from connectors.published.record_types import read_enriched
from state.applied import Applied
from state.store.keys import shard_keys
from tests.faults.conftest import CHANNELS
from tests.faults.rebuilding import (
    kept,
    last_flushes,
    lengths,
    places,
    rebuild,
    run,
    start_rebuild,
    wipe,
)
from tests.faults.watching import until_asleep
from tests.faults.world import MIXED, PARTITIONS, ROOT, Logged, World, check, ended, read_once

EVENTS = 600


def lost(world: World, events: int = EVENTS) -> int:
    """A world that has worked through some events, dead letters too; how many."""
    producer = Producer({"bootstrap.servers": world.bootstrap_servers})
    for number in range(PARTITIONS):  # first: no flush at the end may be of these alone
        producer.produce("touchpoints.kiosk", b"rubbish", partition=number)
    producer.flush()
    produced = world.fill(events, int(time.time() * 1000))
    # No flush by time alone: the last of each shard, which a rebuild publishes again, has rows.
    assert world.run("never", 1, produced + PARTITIONS, RESTS="1") == 0
    return produced + PARTITIONS


def test_the_flow_refuses_a_wiped_redis_and_names_the_command(world: World) -> None:
    lost(world, EVENTS // 4)
    wipe(world)
    refused = run(world)
    assert refused.code == 4
    assert "Redis holds no fence, and Kafka shows that this shard was worked on" in refused.said
    assert "`touchline rebuild`" in refused.said


@pytest.mark.parametrize("budgets", [False, True])
def test_a_wiped_redis_is_made_again_byte_for_byte_and_nothing_is_published_twice(
    world: World, budgets: bool, tmp_path: Path
) -> None:
    if budgets:  # told and handed out by records that no event has led to
        text = world.playbook.read_text() + "\nbudgets: {few: {units: 9, hard: true}}\n"
        path = tmp_path / "playbook.yaml"
        path.write_text(text.replace("\n  welcome:\n", "\n  welcome:\n    budget: few\n", 1))
        world = structs.replace(world, playbook=path)
    produced = lost(world)
    before, logged, last = kept(world), lengths(world), last_flushes(world)
    wipe(world)
    result = rebuild(world)
    assert result.code == 0, result.said
    assert kept(world) == before
    assert lengths(world) - logged == last
    flushes = sum(world.commits().values())
    assert result.last["complete"] is True
    assert (result.last["flushes"], result.last["of_flushes"]) == (flushes, flushes)
    assert (result.last["events"], result.last["of_events"]) == (produced, produced)
    assert result.last["rebuilt"] == list(range(PARTITIONS))
    more = world.fill(EVENTS // 4, int(time.time() * 1000), seed=8)
    assert world.run("never", 1, produced + more) == 0
    check(world, produced + more)
    again = rebuild(world)
    assert (again.code, again.last["rebuilt"], again.last["left"]) == (0, [], [0, 1, 2, 3])


def test_what_was_forwarded_is_made_again_too_and_is_forwarded_again_by_the_last_flushes_alone(
    world: World,
) -> None:
    world = structs.replace(world, flush_events=10)
    produced = world.fill(EVENTS, int(time.time() * 1000), producers=MIXED)
    assert world.run("never", 1, produced) == 0
    before, logged, last = kept(world), lengths(world), last_flushes(world)
    forwarded = len(world.log(FORWARD))
    wipe(world)
    result = rebuild(world)
    assert result.code == 0, result.said
    assert kept(world) == before
    assert lengths(world) - logged == last
    # A shard knows of the last two at most that what they forward may not be there.
    assert len(world.log(FORWARD)) - forwarded <= 2 * PARTITIONS * world.flush_events < forwarded
    assert world.run("never", 1, produced) == 0
    check(world, produced)


@pytest.mark.parametrize(
    ("point", "nth"),
    [
        ("0 taken", 2),
        ("0 plan log read", 1),
        ("1 plan sent", 1),
        ("1 plan fixed", 6),
        ("2 decided", 9),
        ("3 plan produced", 2),
        ("3 half produced", 1),
        ("3 acknowledged", 6),
        ("4 commit sent", 7),
        ("4 committed", 9),
        ("4 committed", 30),
    ],
)
def test_a_rebuild_that_is_killed_goes_on_when_it_is_called_again(
    world: World, point: str, nth: int
) -> None:
    world = structs.replace(world, flush_events=10)
    lost(world, EVENTS // 2)
    before, logged, last = kept(world), lengths(world), last_flushes(world)
    wipe(world)
    killed = rebuild(world, point=point, nth=nth, PLANS_AT_ONCE="3")
    assert killed.code == -signal.SIGKILL, killed.said
    result = rebuild(world, PLANS_AT_ONCE="3")
    assert result.code == 0, result.said
    assert kept(world) == before
    new = lengths(world) - logged
    assert not (last - new)
    # The last flush again, twice at most: nothing that came before it.
    assert not (new - last - last)


def test_a_rebuild_that_is_told_to_stop_finishes_its_flush_and_the_next_goes_on(
    world: World,
) -> None:
    world = structs.replace(world, flush_events=10)
    lost(world, EVENTS // 2)
    before, logged, last = kept(world), lengths(world), last_flushes(world)
    wipe(world)
    stopped = rebuild(world, point="4 committed", nth=9, VICTIM="stops")
    assert stopped.code == 0, stopped.said
    done, of = stopped.last["flushes"], stopped.last["of_flushes"]
    assert 9 <= done < of
    assert stopped.last["complete"] is False
    assert sum(world.commits().values()) == done
    result = rebuild(world)
    assert (result.code, result.last["complete"]) == (0, True)
    assert done + result.last["flushes"] == of
    assert kept(world) == before
    assert lengths(world) - logged == last


def test_the_flow_itself_goes_on_where_a_rebuild_has_stopped_and_repeats_no_more(
    world: World,
) -> None:
    world = structs.replace(world, flush_events=10)
    produced = lost(world, EVENTS // 2)
    before, logged, last = kept(world), lengths(world), last_flushes(world)
    wipe(world)
    assert rebuild(world, point="4 committed", nth=9).code == -signal.SIGKILL
    # What is due by now would be done by a flow that does not rest, if it lives long enough.
    assert world.run("never", 1, produced, PLANS_AT_ONCE="2", RESTS="1") == 0
    assert kept(world) == before
    assert lengths(world) - logged == last
    check(world, produced)


def test_a_flow_that_is_started_meanwhile_does_the_rest_and_the_rebuild_ends(
    world: World,
) -> None:
    # Nothing in it is due while the flow goes on, so that what it does is the rest and no more.
    world = structs.replace(world, flush_events=10, playbook=ROOT / "tests/oracle/shop.yaml")
    produced = lost(world, EVENTS // 2)
    before, logged, last = kept(world), lengths(world), last_flushes(world)
    wipe(world)
    child = start_rebuild(world, "4 committed", 9, VICTIM="sleeps")
    until_asleep(child)
    try:
        assert world.run("never", 1, produced) == 0
    finally:
        os.kill(child.pid, signal.SIGCONT)
    said = ended(child)
    assert "were taken by" in said
    assert child.returncode == 3, said
    assert kept(world) == before
    new = lengths(world) - logged
    assert not (last - new)
    assert not (new - last - last)


def test_a_rebuild_with_another_playbook_publishes_nothing_of_what_is_there_anew(
    world: World, tmp_path: Path
) -> None:
    world = structs.replace(world, flush_events=10)
    lost(world)
    logged, last, commits = lengths(world), last_flushes(world), world.commits()
    other = tmp_path / "other.yaml"
    other.write_text(world.playbook.read_text().replace("propensity: 0.2\n", "propensity: 0.01\n"))
    wipe(world)
    result = rebuild(structs.replace(world, playbook=other))
    assert result.code == 0, result.said
    assert lengths(world) - logged == last
    assert world.commits() == commits
    assert world.outbox() == 0


def test_only_the_shards_that_redis_has_lost_are_made_again(world: World) -> None:
    produced = lost(world)
    before = kept(world)
    client = redis.Redis.from_url(world.redis_url)
    client.delete(*client.scan_iter(shard_keys(2).base + b"*"))
    result = rebuild(world)
    assert (result.code, result.last["rebuilt"], result.last["left"]) == (0, [2], [0, 1, 3])
    assert kept(world) == before
    check(world, produced)


def test_a_shard_without_a_fence_that_has_profiles_is_refused(world: World) -> None:
    lost(world, EVENTS // 4)
    client = redis.Redis.from_url(world.redis_url)
    client.delete(shard_keys(1).fence)
    result = rebuild(world)
    assert result.code == 4
    assert "shards 1: expected no key in Redis, as there is no fence, got some" in result.said
    assert not client.exists(shard_keys(1).fence)


def test_where_nothing_was_ever_done_there_is_nothing_to_rebuild(world: World) -> None:
    result = rebuild(world)
    assert (result.code, result.last["rebuilt"], result.last["left"]) == (0, [], [])
    assert redis.Redis.from_url(world.redis_url).dbsize() == 0


def test_a_plan_log_that_was_made_anew_is_named_and_only_accepted_on_purpose(
    world: World,
) -> None:
    produced = lost(world, EVENTS // 2)
    make_anew(world, ENRICHED)
    wipe(world)
    refused = rebuild(world)
    assert refused.code == 4
    assert redis.Redis.from_url(world.redis_url).dbsize() == 0
    assert [lost["shard"] for lost in refused.last["lost"]] == list(range(PARTITIONS))
    assert "touchpoints.enriched[0] holds no plan" in refused.said
    assert "readers see these again in generation 1" in refused.said
    assert "--accept-loss" in refused.said
    result = rebuild(world, "--accept-loss")
    assert result.code == 0, result.said
    assert world.run("never", 1, produced) == 0
    assert {place[0] for place in places(world).values()} == {1}
    assert world.accounted() == produced
    rows = [read_enriched(x.value) for x in world.log(ENRICHED) if x.key is not None]
    assert len({row.id for row in rows}) == len(rows) == produced - PARTITIONS
    assert {row.applied.generation for row in rows} == {1}


def test_an_input_that_was_made_anew_before_redis_was_lost_is_not_taken_for_the_old_one(
    world: World,
) -> None:
    """Its new records are as many: by offsets alone they would be what the plans speak of."""
    lost(world, EVENTS // 2)
    letters = len([x for x in world.log("touchpoints.kiosk") if x.value == b"rubbish"])
    assert letters == PARTITIONS
    ends = Counter(logged.partition for logged in world.log("touchpoints.kiosk"))
    make_anew(world, "touchpoints.kiosk")
    producer = Producer({"bootstrap.servers": world.bootstrap_servers})
    for partition, count in ends.items():
        for _ in range(count):
            producer.produce("touchpoints.kiosk", b"other", partition=partition)
    producer.flush()
    wipe(world)
    refused = rebuild(world)
    assert refused.code == 4
    assert re.search("read of .*touchpoints.kiosk is not what lies there now", refused.said)
    before = world.log(ENRICHED)
    result = rebuild(world, "--accept-loss")
    assert result.code == 0, result.said
    # Readers see nothing again, although the last flush of each shard was decided by less.
    assert taken(world.log(ENRICHED)) == taken(before)


def taken(log: list[Logged]) -> list[tuple[str, Applied]]:
    """Id and place of what a reader takes of the enriched topic."""
    rows = [(x, read_enriched(x.value)) for x in log if x.key is not None]
    once = read_once((logged, row.applied) for logged, row in rows)
    return [(row.id, row.applied) for row in (read_enriched(logged.value) for logged in once)]


def make_anew(world: World, topic: str) -> None:
    """Delete a topic, and make it again."""
    admin = {"bootstrap.servers": world.bootstrap_servers}
    client = AdminClient({**admin})  # its answers come as long as it lives
    client.delete_topics([topic])[topic].result(10)
    create_topics(admin, CHANNELS, PARTITIONS)
