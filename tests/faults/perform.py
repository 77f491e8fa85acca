"""One run of one fault: set the stage, break, let it come to rest, judge."""

import random
import time
from collections.abc import Callable
from pathlib import Path

from confluent_kafka import KafkaException
from msgspec import Struct, structs
from redis import RedisError

from connectors.kafka.topics import create_topics
from flows.local.ports import LOOPBACK
from flows.local.services import MissingExtra, ServiceError
from flows.settings import Settings
from flows.simulate.website import Website
from tests.brokers.kafka_broker import KafkaBroker, KafkaCluster
from tests.brokers.redis_server import RedisServer
from tests.faults.breaks.fault import Fault
from tests.faults.laws.judge import judge
from tests.faults.laws.memory import grew_since_the_first_third
from tests.faults.laws.tables import last_places, reached
from tests.faults.laws.verdict import Verdict
from tests.faults.laws.warehouse import judge_warehouse
from tests.faults.stage.arena import Arena, Late
from tests.faults.stage.crew import Crew, started
from tests.faults.stage.fence_watch import FenceWatch
from tests.faults.stage.forked import Launch
from tests.faults.stage.load import Load, unchanged
from tests.faults.stage.proxy import Proxy
from tests.faults.stage.servers import ProxiedKafka, Servers
from tests.faults.stage.usage_watch import UsageWatch
from tests.faults.stage.writer import MAY_HOLD_MB, Writer
from tests.faults.world import World

TROUBLE = (Late, RuntimeError, AssertionError, KafkaException, RedisError, ServiceError)
"""What ends a run before its time; it is shown, and the next one begins."""

Say = Callable[[str], object]


class Result(Struct, kw_only=True):
    """A run, as it is shown and kept."""

    fault: str
    about: str
    seed: int
    seconds: float
    """All of it, starts and checks too."""
    kills: int
    """Of workers."""
    times: int
    """How often something was broken: kills, restarts, freezes, ..."""
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
    judged: bool
    """Whether the laws were asked; else going on was refused, which was to be."""
    broken: list[str]
    """Laws that were broken, a line each; empty when all is well."""
    logs: str
    """Where the logs of all processes are."""
    usage: dict[str, str] = {}
    """Process → the memory and files of its life, where these were to stay flat."""


def perform(
    fault: Fault,
    seed: int,
    seconds: float,
    servers: Servers,
    folder: Path,
    say: Say,
    launch: Launch = started,
) -> Result:
    """Run `fault` for so many seconds. Raises MissingExtra where a server cannot be had."""
    began, stage = time.monotonic(), fault.stage
    say("starting")
    kafka = servers.kafka(stage.brokers, stage.proxied)
    redis = RedisServer(folder / "redis")
    redis.start()
    arena = _arena(fault, seed, kafka, redis, folder, say, launch)
    taken = UsageWatch(arena.crew)
    if stage.flat:
        taken.start()
    verdict = Verdict()
    try:
        verdict, caught_up_s = _break(arena, fault, seconds)
    except MissingExtra:
        raise
    except TROUBLE as trouble:
        arena.wrong.append(f"{type(trouble).__name__}: {trouble}")
        caught_up_s = 0.0
        arena.load.abandon()
    finally:
        taken.end()
        arena.crew.abandon()
        if arena.writer is not None:
            arena.writer.close()
        arena.watch.end()
        for server in (redis, *arena.servers):
            server.kill()
        if arena.redis_proxy is not None:
            arena.redis_proxy.close()
    if stage.flat:
        taken.write(folder / "usage.csv")
    writer = arena.writer
    ended = [*arena.crew.trouble, *(writer.trouble if writer is not None else ())]
    broken = [*arena.wrong, *ended, *arena.load.refused, *verdict.told()]
    broken += taken.grown()
    broken += [f"the fence never goes back: {what}" for what in arena.watch.went_back[:3]]
    if not stage.repeats:
        broken += [f"{n} {what} were written again" for what, n in verdict.repeats.items() if n]
    return Result(
        fault=fault.name,
        about=fault.about,
        seed=seed,
        seconds=time.monotonic() - began,
        kills=arena.crew.kills,
        times=arena.crew.kills + sum(n for what, n in arena.counts.items() if what[:3] != "at "),
        events=verdict.produced,
        lost=verdict.lost,
        twice=verdict.twice,
        second_contents=verdict.second_contents,
        repeats=verdict.repeats,
        recoveries=[
            *arena.recoveries,
            *arena.crew.recoveries,
            *(writer.recoveries if writer is not None else ()),
        ],
        caught_up_s=caught_up_s,
        counts=arena.counts,
        judged=stage.judged,
        broken=broken,
        logs=str(folder),
        usage={name: of.told() for name, of in taken.of_lives().items()},
    )


def _arena(
    fault: Fault,
    seed: int,
    kafka: KafkaBroker | KafkaCluster,
    redis: RedisServer,
    folder: Path,
    say: Say,
    launch: Launch,
) -> Arena:
    stage = fault.stage
    rng = random.Random(f"{fault.name} {seed}")
    world = World(
        kafka.bootstrap_servers,
        redis.redis_url,
        stage.flush_events,
        stage.playbook,
        stage.partitions,
    )
    admin, settings = {"bootstrap.servers": kafka.bootstrap_servers}, Settings()
    create_topics(admin, settings.channels, stage.partitions, settings.catalogue_topic)
    watch = FenceWatch(redis.redis_url, stage.partitions)
    counts: dict[str, int] = {}
    change = unchanged if stage.change is None else stage.change(rng, counts)
    website = Website(redis.redis_url, seed, lambda _: None)
    load = Load(
        *(kafka.bootstrap_servers, seed, stage.customers, stage.rate, change),
        *(stage.backlog, website),
    )
    seen, redis_proxy = world, None
    if stage.proxied:
        assert isinstance(kafka, ProxiedKafka)
        redis_proxy = Proxy(redis.port)
        seen = structs.replace(
            world,
            bootstrap_servers=f"{LOOPBACK}:{kafka.proxy.port}",
            redis_url=f"redis://{LOOPBACK}:{redis_proxy.port}/0",
        )
    crew = Crew(seen, folder, watch, stage.settings, stage.under, launch)
    return Arena(
        world=world,
        kafka=kafka,
        redis=redis,
        folder=folder,
        rng=rng,
        ends_at=0.0,
        say=say,
        watch=watch,
        crew=crew,
        load=load,
        writer=Writer(stage.warehouse, seen, folder) if stage.warehouse is not None else None,
        counts=counts,
        kafka_proxy=kafka.proxy if isinstance(kafka, ProxiedKafka) else None,
        redis_proxy=redis_proxy,
    )


def _break(arena: Arena, fault: Fault, seconds: float) -> tuple[Verdict, float]:
    """The verdict, and how long it took to catch up at the end."""
    arena.watch.start()
    arena.crew.start(fault.stage.processes)
    arena.load.start()
    arena.until(arena.all_commit(), "the first commits")
    if arena.writer is not None:
        arena.writer.start()
        arena.until(arena.writer.new_commit(), "the first rows in the tables")
    arena.say(f"breaking for {seconds:.0f} s")
    arena.ends_at = time.monotonic() + seconds
    fault.run(arena)
    if not fault.stage.judged:
        return Verdict(), 0.0
    arena.load.stop()
    arena.say("waiting until no lag is left")
    caught_up_s = arena.catch_up()
    arena.crew.stop()
    arena.watch.look()
    arena.watch.end()
    if arena.writer is not None:
        caught_up_s += _write_all(arena, arena.writer)
    verdict = judge(arena.world.place, arena.say, fault.stage.at_once)
    if verdict.produced < arena.load.acknowledged:
        lost = f"{arena.load.acknowledged} acknowledged, {verdict.produced} found"
        verdict.broke("what the broker acknowledged is in its log", lost)
    if arena.writer is not None:
        arena.say("checking the tables")
        judge_warehouse(arena.world, arena.writer.place, verdict)
    return verdict, caught_up_s


def _write_all(arena: Arena, writer: Writer) -> float:
    """Until the last record of each log is in its table, and the writer has stopped in order; the
    seconds it took."""
    arena.say("waiting until all is in the tables")
    last = last_places({"bootstrap.servers": arena.world.bootstrap_servers}, arena.world.partitions)
    took_s = arena.until(lambda: reached(writer.place, last), "all is in the tables")
    writer.stop()
    arena.count("at most, MB of the warehouse", round(max(writer.looks, default=0.0)))
    if grown := grew_since_the_first_third(writer.looks, MAY_HOLD_MB):
        arena.wrong.append(f"the warehouse's process stays bounded: {grown}")
    return took_s
