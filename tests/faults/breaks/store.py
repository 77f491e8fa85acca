"""Redis: killed, frozen, full, cut off, emptied, and come back from the past."""

from collections.abc import Callable
from typing import Any

from msgspec import structs

from tests.brokers.redis_server import RedisServer
from tests.faults.breaks.fault import Fault, Stage
from tests.faults.breaks.refused import all_refuse
from tests.faults.stage.arena import Arena


def kill(arena: Arena) -> None:
    arena.redis.kill()
    arena.wait(arena.rng.uniform(0, 2))
    arena.redis.start()


def freeze(arena: Arena) -> None:
    arena.redis.freeze()
    arena.wait(10)
    arena.redis.thaw()


def fill(arena: Arena) -> None:
    """maxmemory is what is used already: writes are refused, reads are not."""
    with arena.redis.client() as client:
        info: Any = client.info("memory")
        client.config_set("maxmemory", info["used_memory"])
        arena.wait(arena.rng.uniform(1, 4))
        client.config_set("maxmemory", 0)


def cut_off(arena: Arena) -> None:
    with arena.redis.client() as client:
        for _ in range(arena.rng.randint(1, 5)):
            client.execute_command("CLIENT", "KILL", "TYPE", "normal", "SKIPME", "yes")
            arena.wait(arena.rng.uniform(0, 0.3))


def again_and_again(act: Callable[[Arena], None], what: str) -> Callable[[Arena], None]:
    """Do this to Redis, see every shard go on, and do it again."""

    def run(arena: Arena) -> None:
        while arena.going_on():
            arena.wait(arena.rng.uniform(0.2, 2))
            act(arena)
            arena.back_at_work(what)
            arena.count(what)

    return run


def rolled_back(arena: Arena) -> None:
    """A replica that has missed the last writes is promoted, and the workers find it."""
    while arena.going_on():
        arena.wait(arena.rng.uniform(0.2, 1))
        stale = _snapshot(arena)
        arena.wait(arena.rng.uniform(0.2, 2))
        arena.redis.kill()
        _go_on_with(arena, stale)
        arena.back_at_work("a stale replica was promoted")
        arena.count("stale replicas promoted")


def _snapshot(arena: Arena) -> RedisServer:
    """A copy as of one instant: a replica that follows nobody from now on."""
    copy = RedisServer(arena.folder / f"copy-{len(arena.servers)}", replica_of=arena.redis)
    arena.servers.append(copy)
    copy.start()
    copy.promote()
    return copy


def _go_on_with(arena: Arena, copy: RedisServer) -> None:
    proxy = arena.redis_proxy
    assert proxy is not None
    proxy.target = copy.port
    proxy.cut()
    arena.redis = copy
    arena.world = structs.replace(arena.world, redis_url=copy.redis_url)
    arena.watch.follow(copy.redis_url)


def emptied(arena: Arena) -> None:
    """FLUSHALL: refused, nothing is written into the empty Redis; a backup heals it."""
    while arena.going_on():
        arena.wait(arena.rng.uniform(0.2, 1))
        backup = _snapshot(arena)
        arena.wait(arena.rng.uniform(0.2, 1))
        arena.watch.follow(None)
        with arena.redis.client() as client:
            client.flushall()
        processes = len(arena.crew.workers)
        all_refuse(arena, "Redis holds no fence, and Kafka shows that this shard was worked on")
        with arena.redis.client() as client:
            left: Any = client.dbsize()
        if left:
            arena.wrong.append(f"{left} keys were written into an empty Redis")
        arena.redis.kill()
        _go_on_with(arena, backup)
        arena.crew.start(processes)
        arena.back_at_work("a backup was restored")


THROUGH_PROXY = Stage(proxied=True)

FAULTS = [
    Fault(
        "redis-kill",
        "kill -9 of Redis, its log synced once a second",
        again_and_again(kill, "kills of Redis"),
        full_s=90,
        quick_s=5,
    ),
    Fault(
        "redis-freeze",
        "Redis hangs for 10 s",
        again_and_again(freeze, "freezes of Redis"),
        full_s=90,
    ),
    Fault(
        "redis-full",
        "maxmemory is reached, noeviction",
        again_and_again(fill, "times full"),
        full_s=60,
        quick_s=4,
    ),
    Fault(
        "redis-client-kill",
        "CLIENT KILL of every connection",
        again_and_again(cut_off, "times cut off"),
        full_s=60,
        quick_s=4,
    ),
    Fault(
        "redis-rollback",
        "a replica that has missed the last writes is promoted",
        rolled_back,
        full_s=90,
        quick_s=6,
        stage=THROUGH_PROXY,
    ),
    Fault(
        "redis-emptied",
        "FLUSHALL, then a backup of some moments before",
        emptied,
        full_s=60,
        quick_s=2,
        stage=THROUGH_PROXY,
    ),
]
