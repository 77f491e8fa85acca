"""A run to break: servers, load, workers, and whoever watches them."""

import random
import time
from collections.abc import Callable, Collection
from pathlib import Path

import redis
from confluent_kafka import KafkaException
from msgspec import Struct, field

from connectors.kafka.topics import FORWARD, channel_topic
from state.store.fences import read_fences
from tests.brokers.kafka_broker import KafkaBroker, KafkaCluster
from tests.brokers.redis_server import RedisServer
from tests.brokers.server import Server
from tests.faults.stage.crew import Crew, Dice
from tests.faults.stage.fence_watch import FenceWatch
from tests.faults.stage.load import Load
from tests.faults.stage.proxy import Proxy
from tests.faults.stage.writer import Writer
from tests.faults.world import World

WITHIN_S = 240.0


class Late(Exception):
    """Something did not happen in time."""


class Arena(Struct):
    """What a fault gets; everything it decides comes from `rng`."""

    world: World
    kafka: KafkaBroker | KafkaCluster
    redis: RedisServer
    folder: Path
    rng: random.Random
    ends_at: float
    """Until when to go on breaking (monotonic)."""
    say: Callable[[str], object]
    watch: FenceWatch
    crew: Crew
    load: Load
    writer: Writer | None = None
    """The warehouse's, where the stage has one."""
    kafka_proxy: Proxy | None = None
    redis_proxy: Proxy | None = None
    """Between the workers and the servers, where the stage has them."""
    servers: list[Server] = field(default_factory=list)
    """Those that the fault has started itself."""
    dice: Dice | None = None
    """Set: workers that are started again may die at named points."""
    counts: dict[str, int] = field(default_factory=dict)
    """What this fault counts besides kills, for the table's last column."""
    recoveries: list[float] = field(default_factory=list)
    """Seconds until back at work, as the fault has measured them; the crew's own come on top."""
    wrong: list[str] = field(default_factory=list)
    """What the fault itself found wrong, a sentence each."""

    def going_on(self) -> bool:
        """Whether there is time left to break something."""
        return time.monotonic() < self.ends_at

    def left_s(self) -> float:
        """Seconds that are left for breaking."""
        return self.ends_at - time.monotonic()

    def count(self, what: str, more: int = 1) -> None:
        """So many more of `what` happened."""
        self.counts[what] = self.counts.get(what, 0) + more

    def tend(self) -> None:
        """A moment in which processes that died are started again."""
        self.crew.tend(self.dice)
        if self.writer is not None:
            self.writer.tend()
        time.sleep(0.01)

    def wait(self, seconds: float) -> None:
        """Let the flow work for a while."""
        until = time.monotonic() + seconds
        while time.monotonic() < until:
            self.tend()

    def until(self, true: Callable[[], bool], what: str, within_s: float = WITHIN_S) -> float:
        """Tend until `true`; the seconds it took. Raises Late."""
        began = time.monotonic()
        while not true():
            if self.crew.trouble:
                raise Late(f"a worker ended while waiting until {what}")
            if self.writer is not None and self.writer.trouble:
                raise Late(f"the warehouse's writer ended while waiting until {what}")
            if time.monotonic() - began > within_s:
                raise Late(f"waited {within_s:.0f} s in vain until {what}")
            self.tend()
        return time.monotonic() - began

    def all_commit(self) -> Callable[[], bool]:
        """Whether every shard has a commit that it does not have now."""
        before = self.watch.look()
        shards = range(self.world.partitions)
        return lambda: all(
            self.watch.commits().get(shard, 0) > before.get(shard, 0) for shard in shards
        )

    def back_at_work(self, what: str) -> None:
        """Wait for a new commit of every shard, and note how long that took."""
        self.recoveries.append(self.until(self.all_commit(), f"work goes on after {what}"))

    def done(self, topics: Collection[str]) -> int:
        """Records of `topics` that are in a commit, as the fences in Redis say."""
        with redis.Redis.from_url(self.world.redis_url) as client:
            fences = read_fences(client, range(self.world.partitions)).values()
        return sum(
            at.next_offset
            for fence in fences
            for topic, at in fence.positions.items()
            if topic in topics
        )

    def catch_up(self) -> float:
        """Wait until all input is committed, which nobody adds to any more; the seconds it took."""
        topics = list(map(channel_topic, self.world.place.channels))
        ends = self._ends(topics)
        took_s = self.until(lambda: self.done(topics) >= ends, "no lag is left")
        # Then nothing is sent on any more but what is recorded; and then that has its end as well.
        took_s += self.until(lambda: self.world.outbox() == 0, "what is recorded is published")
        ends = self._ends([FORWARD])
        return took_s + self.until(lambda: self.done([FORWARD]) >= ends, "all sent on has arrived")

    def _ends(self, topics: Collection[str]) -> int:
        try:
            return self.world.ends(topics)
        except KafkaException:  # a broker that was frozen may not know yet that it leads
            self.wait(3)
            return self.world.ends(topics)
