"""One run: real services, two flow processes that are killed again and again, a crowd that answers;
then everything that was published, read by the checker."""

import random
import time
from collections.abc import Callable
from pathlib import Path

from msgspec import Struct

from connectors.kafka.topics import channel_topic, create_topics
from flows.settings import Settings
from tests.brokers.kafka_broker import KafkaBroker
from tests.brokers.redis_server import RedisServer
from tests.faults.breaks.sleep import FENCED
from tests.faults.caps.audience import Crowd, Pace
from tests.faults.caps.learned import check_learned
from tests.faults.caps.logs import check
from tests.faults.caps.playbooks import PRODUCTS, made, without_policy, written_at
from tests.faults.caps.shelf import Shelf
from tests.faults.stage.arena import Arena, Late
from tests.faults.stage.crew import Crew, Worker, until_ready
from tests.faults.stage.fence_watch import FenceWatch
from tests.faults.world import World
from tests.oracle.contact.checker import Checker
from tests.oracle.contact.findings import Findings
from tests.oracle.contact.table import percentiles
from tests.oracle.contact.terms import read

PARTITIONS = 8
PROCESSES = 2
FLUSH_EVENTS = 500
MOST_BEHIND = 20_000
"""Events that the flow may be behind before the crowd waits for it."""
LOOK_S = 0.2
TELL_S = 5.0
OVERLAPS = "owners that slept while another took over"
OVERLAP_SHARE = 0.2
"""Of the times that something is done to a flow process."""


class Order(Struct, frozen=True):
    """What is to be done."""

    pace: Pace
    seed: int
    kill_every_s: float
    """On average, of both processes together; those that die at named points come on top."""
    quiet_after_s: float
    """When quiet hours begin for some, at the earliest."""
    most_s: float
    """How long events are sent at most."""
    policy: bool = True
    """Whether the flow has the contact policy and the budgets; the checker has them anyway."""
    learning: str = "thompson"
    """The policy by which it learns, as a playbook names it."""
    units: int = 0
    """Of each of two budgets; 0: there are none."""
    products: bool = False
    """Whether there are products that sell out and come back."""


class Report(Struct, kw_only=True):
    """What came of it."""

    findings: Findings
    seed: int
    policy: bool
    learning: str
    sent: int
    """Records that the broker acknowledged."""
    accounted: int
    """Records that are in a commit."""
    names: dict[str, int]
    repeated: int
    late: int
    sending_s: float
    caught_up_s: float
    kills: int
    at_points: dict[str, int]
    """Named point of the commit protocol → kills there, which `kills` counts, too."""
    words: int
    """What the catalogue said of products."""
    counts: dict[str, int]
    """What else was done to the flow."""
    recoveries: list[float]
    """Seconds from a kill until every shard of the process had a new commit."""
    latencies_ms: list[float]
    """From an answer that was sent until a reader of the serving key saw the offer gone."""
    outlived: int
    """Those of them that ended with the offer's own time: it might have taken longer."""
    trouble: list[str]
    """What should not have happened beside what the findings say; empty when all is well."""

    @property
    def holds(self) -> bool:
        """Whether it shows what it is there to show."""
        if self.trouble:
            return False
        if self.policy:
            return not self.findings.violations and not self.findings.slack
        return all(cap.violations for cap in self.findings.caps.values())

    @property
    def latency_ms(self) -> tuple[float, float, float]:
        """p50, p99, maximum."""
        return percentiles(self.latencies_ms or [0.0])


def perform(
    order: Order,
    kafka: KafkaBroker,
    redis: RedisServer,
    folder: Path,
    say: Callable[[str], object],
) -> Report:
    """Run it on servers that are up and empty. Raises Late and RuntimeError where it gets stuck."""
    now_ms = time.time_ns() // 1_000_000
    written = made(order.learning, order.units, products=order.products)
    capped = written_at(written, folder, now_ms, order.quiet_after_s)
    playbook = capped if order.policy else without_policy(written, folder)
    world = World(kafka.bootstrap_servers, redis.redis_url, FLUSH_EVENTS, playbook, PARTITIONS)
    config = {"bootstrap.servers": kafka.bootstrap_servers}
    create_topics(config, Settings().channels, PARTITIONS, Settings().catalogue_topic)
    shelf = Shelf(kafka.bootstrap_servers, order.seed, PRODUCTS if order.products else ())
    arena = _arena(order, world, kafka, redis, folder, say)
    arena.watch.start()
    try:
        arena.crew.start(PROCESSES)
        began = time.monotonic()
        arena.load.start()
        _kill_again_and_again(arena, order, shelf)
        shelf.close()
        arena.load.stop()
        sending_s = time.monotonic() - began
        say("waiting until no lag is left")
        arena.until(lambda: all(w.died_at is None for w in arena.crew.workers), "all are back")
        caught_up_s = arena.catch_up()
        accounted = world.accounted()
        arena.crew.stop()
    finally:
        arena.load.abandon()
        arena.crew.abandon()
        arena.watch.end()
    crowd = arena.load
    assert isinstance(crowd, Crowd)
    checker = Checker(read(capped), shelf.said)
    check(config, PARTITIONS, checker, say)
    for offers, pages in crowd.pages.items():
        checker.page(offers, pages)
    return Report(
        findings=checker.end(),
        seed=order.seed,
        policy=order.policy,
        learning=order.learning,
        sent=crowd.acknowledged,
        accounted=accounted,
        names=dict(crowd.names),
        repeated=crowd.repeated,
        late=crowd.late,
        sending_s=sending_s,
        caught_up_s=caught_up_s,
        kills=arena.crew.kills,
        at_points=arena.crew.at_points,
        words=shelf.words,
        counts=arena.counts,
        recoveries=arena.crew.recoveries,
        latencies_ms=crowd.latencies_ms,
        outlived=crowd.outlived,
        trouble=[
            *_trouble(arena, accounted),
            *check_learned(config, redis.redis_url, PARTITIONS, say),
        ],
    )


def _arena(
    order: Order,
    world: World,
    kafka: KafkaBroker,
    redis: RedisServer,
    folder: Path,
    say: Callable[[str], object],
) -> Arena:
    watch = FenceWatch(world.redis_url, world.partitions)
    topics = list(map(channel_topic, world.place.channels))
    looked_at, is_behind = 0.0, False

    def behind(sent: int) -> bool:
        nonlocal looked_at, is_behind
        if time.monotonic() > looked_at + LOOK_S:
            looked_at, is_behind = time.monotonic(), sent - arena.done(topics) > MOST_BEHIND
        return is_behind

    crowd = Crowd(world.bootstrap_servers, world.redis_url, order.seed, order.pace, behind)
    arena = Arena(
        world=world,
        kafka=kafka,
        redis=redis,
        folder=folder,
        rng=random.Random(f"caps {order.seed}"),
        ends_at=time.monotonic() + order.most_s,
        say=say,
        watch=watch,
        crew=Crew(world, folder, watch, {}),
        load=crowd,
    )
    return arena


def _kill_again_and_again(arena: Arena, order: Order, shelf: Shelf) -> None:
    """While there is something to be sent: kill -9 of one of the two; half of the lives after that
    end by themselves, at a named point of a flush. Meanwhile products come and go."""
    crowd, rng = arena.load, arena.rng
    assert isinstance(crowd, Crowd)
    seed = rng.getrandbits(64)
    arena.dice = lambda number, life: random.Random(f"{seed} {number} {life}")
    began = told = time.monotonic()
    due = began + rng.uniform(0.5, 1.5) * order.kill_every_s
    while not crowd.done and arena.going_on():
        arena.tend()
        shelf.tend()
        if arena.crew.trouble:
            raise Late(f"a worker ended by itself: {arena.crew.trouble[0]}")
        now = time.monotonic()
        if now >= due:
            due = now + rng.uniform(0.5, 1.5) * order.kill_every_s
            worker = rng.choice(arena.crew.workers)
            if rng.random() < OVERLAP_SHARE and worker.died_at is None and not worker.armed:
                _overlap(arena, worker)
            elif worker.died_at is None or worker.armed:
                arena.crew.kill(worker)
        if now >= told + TELL_S:
            told = now
            arena.say(
                f"{crowd.sent:,} of {order.pace.events:,} events after {now - began:.0f} s, "
                f"{arena.crew.kills} kills"
            )
    arena.dice = None
    for worker in arena.crew.workers:
        if worker.armed:
            arena.crew.kill(worker)


def _overlap(arena: Arena, old: Worker) -> None:
    """An owner is frozen in whatever it does, another takes its shards, and the first wakes up."""
    old.revived = False
    arena.crew.freeze(old)
    new = arena.crew.add(old.number, old.of)
    until_ready(new.process)
    arena.crew.thaw(old)
    arena.until(lambda: old.process.exit_code() is not None, "the sleeper ends")
    arena.crew.workers.remove(old)
    if (code := old.process.exit_code()) != FENCED:
        arena.wrong.append(f"{old.process.name} woke up and ended with {code}, expected {FENCED}")
    arena.count(OVERLAPS)


def _trouble(arena: Arena, accounted: int) -> list[str]:
    found = [*arena.wrong, *arena.crew.trouble, *arena.load.refused, *arena.watch.went_back]
    if accounted != arena.load.acknowledged:
        found.append(f"{arena.load.acknowledged} events are in Kafka, {accounted} in a commit")
    return found
