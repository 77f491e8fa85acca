"""Services that go away, come back, come back from the past, or are not the ones they were."""

import os
import signal
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
import redis
from confluent_kafka.admin import AdminClient
from msgspec import structs

from connectors.events.dead_letter import Reason
from connectors.kafka.topics import DEAD_LETTER, ENRICHED, create_topics
from connectors.published.record_types import read_dead_letter
from flows.local.services import Service, start_kafka, start_redis
from state.fence import decode_fence, encode_fence
from state.store.keys import shard_keys
from state.store.wire import TIMEOUT_SECONDS
from tests.faults.conftest import CHANNELS
from tests.faults.watching import Look, until, until_said
from tests.faults.world import PARTITIONS, World, check, ended, held
from tests.services import running

EVENTS = 600


def now_ms() -> int:
    return int(time.time() * 1000)


def remembered(world: World) -> dict[bytes, bytes]:
    """All that Redis holds."""
    client = redis.Redis.from_url(world.redis_url)
    return {key: client.dump(key) or b"" for key in client.scan_iter()}


def back_to(world: World, past: dict[bytes, bytes]) -> None:
    """Redis comes back from the past."""
    client = redis.Redis.from_url(world.redis_url)
    client.flushall()
    for key, dumped in past.items():
        client.restore(key, 0, dumped)


@pytest.fixture
def broker(tmp_path: Path) -> Iterator[Service]:
    yield from running(start_kafka, tmp_path / "kafka")


@pytest.fixture
def durable(tmp_path: Path) -> Iterator[Service]:
    yield from running(lambda folder: start_redis(folder, durable=True), tmp_path / "durable")


@pytest.fixture
def breakable(broker: Service, durable: Service) -> World:
    """A world whose broker can be frozen and whose Redis keeps what it is given."""
    create_topics({"bootstrap.servers": broker.bootstrap_servers}, CHANNELS, PARTITIONS)
    return World(broker.bootstrap_servers, durable.redis_url, flush_events=10)


def lost(look: Look) -> float:
    """Shards that were lost with their connection, as the metrics say now."""
    look.at("redis_up")
    return sum(
        n
        for key, n in look.page.items()
        if key[0] == "touchline_shards_lost_total" and "connection" in key
    )


def test_a_redis_that_dies_and_comes_back_costs_nothing(
    breakable: World, durable: Service, tmp_path: Path
) -> None:
    produced = breakable.fill(EVENTS, now_ms())
    child = breakable.start("never", 1, produced + 1)  # so that it does not end before it is seen
    look = Look(child)
    until(lambda: breakable.accounted() > EVENTS // 4, "a quarter is done")
    assert look.at("redis_up") == 1
    assert look.at("redis_outages_total") == 0
    durable.process.stop(0)
    until(lambda: look.at("redis_up") == 0, "the metrics show that Redis is gone")
    again = start_redis(tmp_path / "durable", durable.port, durable=True)
    try:
        until_said(child, "waits")
        until(lambda: look.at("redis_up") == 1, "the metrics show that Redis is back")
        assert look.page[("touchline_redis_outages_total",)] >= 1
        assert look.page[("touchline_redis_outage_seconds_total",)] > 0
        until(lambda: lost(look) >= PARTITIONS, "each shard has noticed, some of them later")
        produced += breakable.fill(1, now_ms(), seed=8)
        said = ended(child)
        assert child.returncode == 0, said
        check(breakable, produced)
    finally:
        again.stop(0)


def test_a_broker_that_hangs_for_a_while_costs_nothing(breakable: World, broker: Service) -> None:
    produced = breakable.fill(EVENTS, now_ms())
    child = breakable.start("never", 1, produced)
    look = Look(child)
    until(lambda: breakable.accounted() > EVENTS // 4, "a quarter is done")
    assert look.at("kafka_up") == 1
    os.kill(broker.process.pid, signal.SIGSTOP)
    try:
        until(lambda: look.at("kafka_up") == 0, "the metrics show that Kafka is gone")
        assert look.at("kafka_outages_total") == 1
        until(lambda: look.at("kafka_outage_seconds_total") > 0.5, "the time is counted meanwhile")
        until_said(child, "waiting until it answers again")
        before = breakable.accounted()
    finally:
        os.kill(broker.process.pid, signal.SIGCONT)
    said = ended(child)
    assert child.returncode == 0, said
    assert breakable.accounted() == produced > before
    check(breakable, produced)


def test_being_told_to_stop_while_the_broker_hangs_ends_in_time_and_costs_nothing(
    breakable: World, broker: Service
) -> None:
    produced = breakable.fill(EVENTS, now_ms())
    child = breakable.start("never", 1, produced)
    until(lambda: breakable.accounted() > EVENTS // 4, "a quarter is done")
    os.kill(broker.process.pid, signal.SIGSTOP)
    try:
        until_said(child, "waiting until it answers again")
        child.send_signal(signal.SIGTERM)
        said = ended(child, within_s=20)
    finally:
        os.kill(broker.process.pid, signal.SIGCONT)
    assert child.returncode == 0, said
    assert breakable.run("never", 1, produced) == 0
    check(breakable, produced)


def test_being_told_to_stop_while_redis_hangs_ends_in_time_and_costs_nothing(
    breakable: World, durable: Service
) -> None:
    produced = breakable.fill(EVENTS, now_ms())
    child = breakable.start("never", 1, produced)
    until(lambda: breakable.accounted() > EVENTS // 4, "a quarter is done")
    os.kill(durable.process.pid, signal.SIGSTOP)
    try:
        child.send_signal(signal.SIGTERM)
        # One answer that does not come, not one after the other.
        said = ended(child, within_s=TIMEOUT_SECONDS + 8)
    finally:
        os.kill(durable.process.pid, signal.SIGCONT)
    assert child.returncode == 0, said
    assert breakable.run("never", 1, produced) == 0
    check(breakable, produced)


def test_a_channel_that_was_taken_out_in_the_middle_of_a_flush_is_asked_for(world: World) -> None:
    produced = world.fill(EVENTS, now_ms())
    assert world.run("1 plan fixed", 9, produced) == -9
    child = world.start("never", 1, produced, TOUCHLINE_CHANNELS="email,chat,kiosk")
    said = ended(child)
    assert child.returncode != 0
    assert "reads touchpoints.click, which TOUCHLINE_CHANNELS does not name any more" in said
    assert world.run("never", 1, produced) == 0
    check(world, produced)


def test_an_owner_that_was_asleep_while_another_took_over_changes_nothing(world: World) -> None:
    world = structs.replace(world, flush_events=10)
    produced = world.fill(EVENTS, now_ms())
    old = world.start("never", 1, produced + 1)
    until(lambda: world.accounted() > EVENTS // 4, "a quarter is done")
    os.kill(old.pid, signal.SIGSTOP)
    try:
        assert world.run("never", 1, produced) == 0
    finally:
        os.kill(old.pid, signal.SIGCONT)
    said = ended(old)
    assert "was taken by" in said or "were taken by" in said
    assert old.returncode != 0
    check(world, produced)


def test_a_redis_from_the_past_leads_to_the_same_records_again(world: World) -> None:
    produced = world.fill(EVENTS, now_ms())
    assert world.run("4 committed", 5, produced) == -9
    past = remembered(world)
    assert world.run("4 committed", 5, produced) == -9
    back_to(world, past)
    assert world.run("never", 1, produced) == 0
    assert check(world, produced)["rows"] > 0


def test_a_kill_in_the_replay_after_a_redis_from_the_past_costs_nothing_either(
    world: World,
) -> None:
    world = structs.replace(world, flush_events=10)
    produced = world.fill(EVENTS, now_ms())
    assert world.run("4 committed", 5, produced) == -9
    past = remembered(world)
    assert world.run("4 committed", 40, produced) == -9
    back_to(world, past)
    # Some flushes of each shard have been done again by then, and some not.
    assert world.run("4 committed", 12, produced) == -9
    assert world.run("never", 1, produced) == 0
    assert check(world, produced)["rows"] > 0


@pytest.mark.parametrize("point", ["never", "poison"])
def test_a_cache_of_one_profile_a_shard_changes_nothing(world: World, point: str) -> None:
    produced = world.fill(EVENTS, now_ms())
    assert world.run(point, 1, produced, TOUCHLINE_CACHE_PROFILES=str(PARTITIONS)) == 0
    check(world, produced)


def test_a_number_of_partitions_that_is_not_the_state_s_is_refused(world: World) -> None:
    produced = world.fill(EVENTS // 4, now_ms())
    assert world.run("never", 1, produced) == 0
    client = redis.Redis.from_url(world.redis_url)
    for shard in range(PARTITIONS):
        key = shard_keys(shard).fence
        fence = decode_fence(held(client, key))
        client.set(key, encode_fence(structs.replace(fence, partitions=8)))
    child = world.start("never", 1, produced + 1)
    said = ended(child)
    assert child.returncode != 0
    assert "expected 8 partitions, which its state was made with, got 4" in said


def test_a_redis_that_was_wiped_is_refused(world: World) -> None:
    produced = world.fill(EVENTS, now_ms())
    assert world.run("never", 1, produced) == 0
    redis.Redis.from_url(world.redis_url).flushall()
    child = world.start("never", 1, produced)
    said = ended(child)
    assert child.returncode != 0
    assert "Redis holds no fence, and Kafka shows that this shard was worked on" in said
    assert redis.Redis.from_url(world.redis_url).dbsize() == 0


def test_a_topic_that_was_made_anew_is_refused_by_name(world: World) -> None:
    produced = world.fill(EVENTS, now_ms())
    assert world.run("never", 1, produced) == 0
    admin = {"bootstrap.servers": world.bootstrap_servers}
    client = AdminClient({**admin})
    client.delete_topics(["touchpoints.chat"])["touchpoints.chat"].result(10)
    create_topics(admin, CHANNELS, PARTITIONS)
    child = world.start("never", 1, produced + 1)
    said = ended(child)
    assert child.returncode != 0
    assert "topic touchpoints.chat was made anew" in said


def test_an_output_topic_that_is_made_anew_while_the_flow_runs_stops_it_by_name(
    world: World,
) -> None:
    # Of an input topic test_real_kafka.py shows it: librdkafka 2.16 crashes at what the embedded
    # broker answers to a fetch from a topic that is gone.
    produced = world.fill(EVENTS // 4, now_ms())
    child = world.start("never", 1, produced + 1)
    until(lambda: world.accounted() == produced, "all is done")
    admin = {"bootstrap.servers": world.bootstrap_servers}
    client = AdminClient({**admin})
    client.delete_topics([ENRICHED])[ENRICHED].result(10)
    create_topics(admin, CHANNELS, PARTITIONS)
    said = ended(child)
    assert f"topic {ENRICHED} was deleted or made anew" in said, child.returncode


def test_an_enriched_topic_that_was_made_anew_is_refused_at_start(world: World) -> None:
    produced = world.fill(EVENTS // 4, now_ms())
    assert world.run("never", 1, produced) == 0
    admin = {"bootstrap.servers": world.bootstrap_servers}
    client = AdminClient({**admin})
    client.delete_topics([ENRICHED])[ENRICHED].result(10)
    create_topics(admin, CHANNELS, PARTITIONS)
    child = world.start("never", 1, produced + 1)
    said = ended(child)
    assert child.returncode != 0
    assert f"topic {ENRICHED} was made anew" in said


def test_an_event_that_cannot_be_decided_is_a_dead_letter_and_changes_nothing(
    world: World,
) -> None:
    produced = world.fill(EVENTS, now_ms())
    assert world.run("poison", 1, produced) == 0
    check(world, produced)
    letters = [read_dead_letter(logged.value) for logged in world.log(DEAD_LETTER)]
    reasons = [letter.reason for letter in letters]
    assert reasons.count(Reason.UNDECIDABLE) > EVENTS // 32
    assert {x.stage for x in letters if x.reason is Reason.UNDECIDABLE} == {"decide"}
