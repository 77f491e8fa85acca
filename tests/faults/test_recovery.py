"""A shard that is taken again is at work at once, however many customers it has."""

import signal
import time

import redis

from tests.faults.programs import Child
from tests.faults.world import World, ended


def test_taking_shards_reads_no_profile(world: World) -> None:
    produced = world.fill(600, int(time.time() * 1000), customers=300)
    assert world.run("never", 1, produced) == 0
    client = redis.Redis.from_url(world.redis_url)
    client.config_resetstat()
    words = ["-m", "flows.cli", "run", "touchpoints", "--json"]
    child = Child(words, world.environment, "stdout", "stderr")
    ready = child.stdout.readline()
    child.send_signal(signal.SIGTERM)
    said = ended(child)
    assert child.returncode == 0, said
    assert '"flow":"touchpoints"' in ready, said
    asked = {name.removeprefix("cmdstat_") for name in client.info("commandstats")}
    assert asked >= {"watch", "get", "lrange"}
    assert not asked & {"mget", "keys", "scan"}
