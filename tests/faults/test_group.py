"""Processes that share the shards through Kafka's consumer group die and fall asleep under load.

They come and go in order in the fault `scaling`, which `test_quick.py` runs.
"""

import signal
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from connectors.kafka.topics import DEAD_LETTER, create_topics
from tests.brokers.kafka_broker import KafkaBroker
from tests.brokers.redis_server import RedisServer
from tests.faults.conftest import CHANNELS
from tests.faults.test_dead_letter_limit import spoil
from tests.faults.watching import Look, until, until_asleep
from tests.faults.world import PARTITIONS, World, check

NEVER = 10**9
BACKLOG = 4_000
"""So many events that a member is in the middle of some for a while."""
CUSTOMERS = 2_000
"""So many that no repeat of an event is further from it than 64 others of its customer."""
IN_GROUP = {
    "TOUCHLINE_ASSIGNMENT": "group",
    # A member hears with its heartbeat that another has come or gone.
    "TOUCHLINE_KAFKA_HEARTBEAT_INTERVAL_MS": "300",
}


class Member:
    """A process of the group, and a look at its metrics."""

    def __init__(self, world: World, point: str = "never", nth: int = 1, **settings: str) -> None:
        self.child = world.start(point, nth, NEVER, **IN_GROUP, **settings)
        self.look = Look(self.child)
        self.said: list[str] = []
        self.reading = threading.Thread(target=self._read, daemon=True)
        self.reading.start()

    def _read(self) -> None:
        with self.child.stderr as said:
            self.said += said

    def owned(self) -> int:
        return int(self.look.at("shards_owned"))

    def signal(self, number: int) -> None:
        self.child.send_signal(number)

    def end(self) -> int:
        """Its exit code, after SIGTERM."""
        self.signal(signal.SIGTERM)
        code = self.child.wait(30)
        self.reading.join()
        return code


class Load:
    """Events that come all the time, from a thread of its own."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._stop = threading.Event()
        self.produced = 0
        self._thread = threading.Thread(target=self._write)
        self._thread.start()

    def _write(self) -> None:
        while not self._stop.wait(0.05):
            seed = 1000 + self.produced
            self.produced += self._world.fill(20, int(time.time() * 1000), seed)

    def end(self) -> int:
        """How many events have been written."""
        self._stop.set()
        self._thread.join()
        return self.produced


@pytest.fixture
def world(real_kafka: KafkaBroker, real_redis: RedisServer) -> World:
    """Apache Kafka with its topics and an empty Redis; flushes so small that many are under way."""
    create_topics({"bootstrap.servers": real_kafka.bootstrap_servers}, CHANNELS, PARTITIONS)
    return World(real_kafka.bootstrap_servers, real_redis.redis_url, flush_events=10)


@contextmanager
def group(world: World) -> Iterator[list[Member]]:
    """Members that are started in a test, and killed when it fails."""
    members: list[Member] = []
    try:
        yield members
    finally:
        for member in members:
            if member.child.returncode is None:
                member.signal(signal.SIGCONT)
                member.child.kill()
                member.child.wait()
            member.reading.join()


def shared(*members: Member) -> None:
    """Wait until the members own all shards between them, each its part."""
    least = PARTITIONS // len(members)

    def fair() -> bool:
        owned = [member.owned() for member in members]
        return sum(owned) == PARTITIONS and min(owned) >= least

    until(fair, f"{len(members)} members share the shards")


def worked_through(world: World, produced: int) -> None:
    until(lambda: world.accounted() >= produced, f"{produced} events are committed")


def test_the_others_go_on_when_a_member_is_killed(world: World) -> None:
    with group(world) as members:
        load = Load(world)
        members += [Member(world), Member(world)]
        shared(*members)
        members[1].signal(signal.SIGKILL)
        shared(members[0])
        produced = load.end()
        worked_through(world, produced)
        assert members[0].look.at("rebalances_total", "revoked") >= 1
        assert members[0].end() == 0
    check(world, produced)


def test_a_member_that_was_frozen_is_refused_and_comes_back_for_what_it_is_assigned(
    world: World,
) -> None:
    with group(world) as members:
        # It falls asleep over a flush that is decided, the one before not being committed.
        members += [Member(world, "2 decided", nth=9, VICTIM="sleeps"), Member(world)]
        shared(*members)
        asleep, awake = members
        produced = world.fill(BACKLOG, int(time.time() * 1000), customers=CUSTOMERS)
        until_asleep(asleep.child)
        shared(awake)
        asleep.signal(signal.SIGCONT)
        shared(*members)
        assert asleep.look.at("commits_failed_total", "refused") >= 1
        assert asleep.look.at("rebalances_total", "lost") == 1
        worked_through(world, produced)
        assert [member.end() for member in members] == [0, 0]
    check(world, produced)


def test_when_the_events_are_bad_all_members_stop_one_after_the_other_and_each_says_so_once(
    world: World,
) -> None:
    """Kafka hands on what made one stop; what the next buries of it is bounded by its window."""
    with group(world) as members:
        members += [
            Member(world, TOUCHLINE_DEAD_LETTER_PERCENT="40", TOUCHLINE_DEAD_LETTER_WINDOW="100")
            for _ in range(2)
        ]
        shared(*members)
        bad = spoil(world, 1_500)
        for member in members:
            member.child.wait(60)
            member.reading.join()
            assert member.child.returncode != 0
            (said,) = [line for line in member.said if "would be dead letters" in line]
            assert "(not_json " in said
    # By whole flushes: one of each shard is under way when it is too many.
    at_most = len(members) * (100 + 2 * PARTITIONS * world.flush_events)
    assert 0 < len(world.log(DEAD_LETTER)) <= at_most < bad
    assert world.run("never", 1, bad, TOUCHLINE_DEAD_LETTER_PERCENT="100") == 0
    check(world, bad)
