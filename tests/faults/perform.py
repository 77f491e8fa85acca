"""One run of one fault: set the stage, break, let it come to rest, judge."""

import random
import time
from collections.abc import Callable
from pathlib import Path

from msgspec import Struct, structs

from connectors.kafka.topics import create_topics
from flows.settings import Settings
from tests.brokers.kafka_broker import KafkaBroker, KafkaCluster, forget_topics
from tests.brokers.redis_server import RedisServer
from tests.faults.breaks.fault import Fault
from tests.faults.laws.judge import judge
from tests.faults.laws.verdict import Verdict
from tests.faults.stage.arena import Arena, Late
from tests.faults.stage.crew import Crew
from tests.faults.stage.fence_watch import FenceWatch
from tests.faults.stage.load import Load, unchanged
from tests.faults.world import World

Say = Callable[[str], object]


class Result(Struct):
    """A run, as it is shown and kept."""

    fault: str
    about: str
    seed: int
    seconds: float
    """All of it, starts and checks too."""
    kills: int
    events: int
    lost: int
    twice: int
    second_contents: int
    repeats: dict[str, int]
    recoveries: list[float]
    """Seconds until back at work, one for each time."""
    caught_up_s: float
    """From the end of the input until no lag was left."""
    counts: dict[str, int]
    broken: list[str]
    """Laws that were broken, a line each; empty when all is well."""
    logs: str
    """Where the logs of all processes are."""


class Servers:
    """Kafka is kept from one run to the next and emptied; a Redis is new each time."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._kafkas: dict[int, KafkaBroker | KafkaCluster] = {}

    def kafka(self, brokers: int) -> KafkaBroker | KafkaCluster:
        """Up, whatever was done to it, and without topics. Raises MissingExtra."""
        kafka = self._kafkas.get(brokers)
        if kafka is None:
            one, more = self._folder / "kafka", self._folder / "kafka-cluster"
            kafka = KafkaBroker(one) if brokers == 1 else KafkaCluster(more, brokers)
            self._kafkas[brokers] = kafka
            kafka.start()
        kafka.restore()
        forget_topics(kafka.admin())
        return kafka

    def kill(self) -> None:
        """End them all."""
        for kafka in self._kafkas.values():
            kafka.kill()


def perform(
    fault: Fault, seed: int, seconds: float, servers: Servers, folder: Path, say: Say
) -> Result:
    """Run `fault` for so many seconds. Raises MissingExtra where a server cannot be had."""
    began, stage = time.monotonic(), fault.stage
    say("starting")
    kafka, redis = servers.kafka(stage.brokers), RedisServer(folder / "redis")
    redis.start()
    arena = _arena(fault, seed, kafka, redis, folder, say)
    verdict = Verdict()
    try:
        verdict, caught_up_s = _break(arena, fault, seconds)
    except (Late, RuntimeError, AssertionError) as trouble:
        arena.wrong.append(f"{type(trouble).__name__}: {trouble}")
        caught_up_s = 0.0
        arena.load.abandon()
    finally:
        arena.crew.abandon()
        arena.watch.end()
        redis.kill()
    broken = [*arena.wrong, *arena.crew.trouble, *arena.load.refused, *verdict.told()]
    broken += [f"the fence never goes back: {what}" for what in arena.watch.went_back[:3]]
    if not stage.repeats:
        broken += [f"{n} {what} were written again" for what, n in verdict.repeats.items() if n]
    return Result(
        fault=fault.name,
        about=fault.about,
        seed=seed,
        seconds=time.monotonic() - began,
        kills=arena.crew.kills,
        events=verdict.produced,
        lost=verdict.lost,
        twice=verdict.twice,
        second_contents=verdict.second_contents,
        repeats=verdict.repeats,
        recoveries=[*arena.recoveries, *arena.crew.recoveries],
        caught_up_s=caught_up_s,
        counts=arena.counts,
        broken=broken,
        logs=str(folder),
    )


def _arena(
    fault: Fault,
    seed: int,
    kafka: KafkaBroker | KafkaCluster,
    redis: RedisServer,
    folder: Path,
    say: Say,
) -> Arena:
    stage = fault.stage
    rng = random.Random(f"{fault.name} {seed}")
    world = World(kafka.bootstrap_servers, redis.redis_url, stage.flush_events)
    world = structs.replace(world, partitions=stage.partitions)
    admin = {"bootstrap.servers": kafka.bootstrap_servers}
    create_topics(admin, Settings().channels, stage.partitions)
    watch = FenceWatch(redis.redis_url, stage.partitions)
    change = unchanged if stage.change is None else stage.change(rng)
    load = Load(kafka.bootstrap_servers, seed, stage.customers, stage.rate, change, stage.backlog)
    crew = Crew(world, folder, watch, stage.settings)
    return Arena(world, kafka, redis, folder, rng, 0.0, say, watch, crew, load)


def _break(arena: Arena, fault: Fault, seconds: float) -> tuple[Verdict, float]:
    """The verdict, and how long it took to catch up at the end."""
    arena.watch.start()
    arena.crew.start(fault.stage.processes)
    arena.load.start()
    arena.until(arena.all_commit(), "the first commits")
    arena.say(f"breaking for {seconds:.0f} s")
    arena.ends_at = time.monotonic() + seconds
    fault.run(arena)
    arena.load.stop()
    arena.say("waiting until no lag is left")
    caught_up_s = arena.catch_up()
    arena.crew.stop()
    arena.watch.look()
    arena.watch.end()
    verdict = judge(arena.world.place, arena.say)
    if verdict.produced < arena.load.acknowledged:
        lost = f"{arena.load.acknowledged} acknowledged, {verdict.produced} found"
        verdict.broke("what the broker acknowledged is in its log", lost)
    return verdict, caught_up_s
