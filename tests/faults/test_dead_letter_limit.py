"""Too many dead letters stop the flow before they are begun; a mended start goes on from there."""

import time

import redis
from confluent_kafka import Producer

from connectors.kafka.topics import DEAD_LETTER
from state.fence import decode_fence
from state.store.keys import shard_keys
from tests.faults.world import PARTITIONS, World, check, ended, held

STRICT = {"TOUCHLINE_DEAD_LETTER_PERCENT": "40", "TOUCHLINE_DEAD_LETTER_WINDOW": "100"}
NEVER = {"TOUCHLINE_DEAD_LETTER_PERCENT": "100"}


def spoil(world: World, count: int) -> int:
    """Write records that are no events; how many went out."""
    producer = Producer({"bootstrap.servers": world.bootstrap_servers})
    for number in range(count):
        producer.produce("touchpoints.kiosk", b"not json", partition=number % PARTITIONS)
    producer.flush()
    return count


def begun(world: World) -> list[int]:
    """The shards whose fence holds a plan."""
    client = redis.Redis.from_url(world.redis_url)
    fences = {n: decode_fence(held(client, shard_keys(n).fence)) for n in range(PARTITIONS)}
    return [shard for shard, fence in fences.items() if fence.plan is not None]


def test_a_flow_that_refuses_too_much_stops_and_leaves_nothing_begun(world: World) -> None:
    produced = world.fill(600, int(time.time() * 1000)) + spoil(world, 1_000)
    child = world.start("never", 1, produced, **STRICT)
    said = ended(child)
    assert child.returncode != 0
    assert "events would be dead letters (not_json " in said
    assert "the newest from touchpoints.kiosk[" in said
    assert "expected at most 40 % (TOUCHLINE_DEAD_LETTER_PERCENT)" in said
    assert "start it with TOUCHLINE_DEAD_LETTER_PERCENT=100" in said
    assert "drained: every flush is committed and published" in said
    assert (begun(world), world.outbox()) == ([], 0)
    assert len(world.log(DEAD_LETTER)) < 1_000
    assert world.accounted() < produced

    assert world.run("never", 1, produced, **NEVER) == 0
    assert check(world, produced) == {"rows": 0, "actions": 0, "dead_letters": 0, "forwarded": 0}
    assert len(world.log(DEAD_LETTER)) >= 1_000


def test_what_was_begun_is_finished_though_too_much_of_it_is_refused(world: World) -> None:
    # The bad ones first, as they are received: what is begun holds some of them.
    produced = spoil(world, 1_000) + world.fill(100, int(time.time() * 1000))
    assert world.run("3 plan produced", 3, produced, **NEVER) == -9
    assert begun(world)
    letters = len(world.log(DEAD_LETTER))
    child = world.start("never", 1, produced, **STRICT | {"TOUCHLINE_DEAD_LETTER_WINDOW": "10"})
    said = ended(child)
    assert child.returncode != 0
    assert "flushes were begun and are done again" in said
    assert "events would be dead letters" in said
    assert begun(world) == []
    assert letters < len(world.log(DEAD_LETTER))
    assert 0 < world.accounted() < produced

    assert world.run("never", 1, produced, **NEVER) == 0
    check(world, produced)


def test_fewer_events_than_the_window_never_stop_it(world: World) -> None:
    produced = spoil(world, 99)
    assert world.run("never", 1, produced, **STRICT) == 0
    check(world, produced)
