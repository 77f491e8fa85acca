"""Commands of recovery as children, and what they leave of a world."""

import json
from collections import Counter
from collections.abc import Callable
from typing import Any, cast

import redis
from msgspec import Struct

from connectors.kafka.topics import ACTIONS, DEAD_LETTER, ENRICHED
from connectors.published.record_types import read_dead_letter, read_enriched
from state.fence import Position, decode_fence
from state.store.fences import read_fences
from state.store.keys import shard_keys
from tests.faults.programs import Child
from tests.faults.world import PARTITIONS, VICTIM, World, held

OUTPUTS = (ENRICHED, ACTIONS, DEAD_LETTER)


class Ended(Struct):
    """How a command ended."""

    code: int
    lines: list[dict[str, Any]]
    """What it printed, JSON each."""
    said: str

    @property
    def last(self) -> dict[str, Any]:
        return self.lines[-1]


def rebuild(
    world: World, *options: str, point: str = "never", nth: int = 1, **settings: str
) -> Ended:
    """`touchline rebuild --json`, which dies at `point` (see `victim`)."""
    return _ended([str(VICTIM), point, str(nth), "rebuild", *options], world, settings)


def run(world: World, **settings: str) -> Ended:
    """`touchline run touchpoints`, which ends by itself."""
    return _ended(["-m", "flows.cli", "run", "touchpoints"], world, settings)


def start_rebuild(world: World, point: str, nth: int, **settings: str) -> Child:
    """`touchline rebuild --json` as a child."""
    words = [str(VICTIM), point, str(nth), "rebuild"]
    return Child(words, {**world.environment, **settings}, "stderr")


def accept(world: World, topic: str, *options: str, **settings: str) -> Ended:
    """`touchline topics accept-recreated TOPIC --yes --json`."""
    words = ["-m", "flows.cli", "topics", "accept-recreated", topic, "--yes", "--json", *options]
    return _ended(words, world, settings)


def _ended(words: list[str], world: World, settings: dict[str, str]) -> Ended:
    child = Child(words, {**world.environment, **settings}, "stdout", "stderr")
    out, said = child.communicate(timeout=60)
    return Ended(child.wait(), [json.loads(line) for line in out.splitlines()], said)


def wipe(world: World) -> None:
    """Redis has lost everything."""
    redis.Redis.from_url(world.redis_url).flushall()


def kept(world: World) -> dict[bytes, Any]:
    """All that Redis holds, byte for byte and with its expiry, but for whose the shards are."""
    client = redis.Redis.from_url(world.redis_url)
    fences = {shard_keys(shard).fence for shard in range(PARTITIONS)}
    keys = [shard_keys(shard) for shard in range(PARTITIONS)]
    passing = {*fences, *(key.journeys for key in keys)}  # those say when they were last taken
    read: dict[bytes, Callable[[bytes], Any]] = {
        b"string": client.get,
        b"hash": client.hgetall,
        b"zset": lambda name: client.zrange(name, 0, -1, withscores=True),
    }
    found: dict[bytes, Any] = {
        key: (read[cast(bytes, client.type(key))](key), client.pexpiretime(key))
        for key in client.scan_iter(count=1000)
        if key not in passing
    }
    return {**found, **{b"shard %d" % shard: place for shard, place in places(world).items()}}


def places(world: World) -> dict[int, tuple[int, int, int, dict[str, Position]]]:
    """Shard → generation, commit number, time and positions of its fence."""
    client = redis.Redis.from_url(world.redis_url)
    found = {}
    for shard in range(PARTITIONS):
        fence = decode_fence(held(client, shard_keys(shard).fence))
        found[shard] = (fence.generation, fence.commit, fence.now_ms, dict(fence.positions))
    return found


def begun_with(world: World, topic: str) -> set[int]:
    """The shards whose flush that was fixed last, and is not committed, reads `topic`."""
    with redis.Redis.from_url(world.redis_url) as client:
        fences = read_fences(client, range(PARTITIONS))
    return {s for s, f in fences.items() if f.plan is not None and topic in f.plan.ranges}


def lengths(world: World) -> Counter[tuple[str, int]]:
    """(topic, partition) → records, of the topics out."""
    return Counter((topic, logged.partition) for topic in OUTPUTS for logged in world.log(topic))


def last_flushes(world: World) -> Counter[tuple[str, int]]:
    """(topic, partition) → records that the last flush of its shard has made."""

    commits = world.commits()
    found: Counter[tuple[str, int]] = Counter()
    for topic, read in ((ENRICHED, read_enriched), (DEAD_LETTER, read_dead_letter)):
        for logged in world.log(topic):
            if topic == ENRICHED and logged.key is None:
                continue
            if read(logged.value).applied.commit == commits[logged.partition]:
                found[topic, logged.partition] += 1
    for shard in commits:
        found[ENRICHED, shard] += 1  # its plan
    return found
