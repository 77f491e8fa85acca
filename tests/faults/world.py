"""A small world to break: a broker, a Redis, some input, and what must hold of the output."""

import os
import signal
import subprocess
import time
from collections import defaultdict
from collections.abc import Callable, Iterable
from itertools import cycle
from pathlib import Path
from typing import Any, cast

import redis
from confluent_kafka import Consumer, KafkaError, Producer, TopicPartition
from confluent_kafka.admin import (  # type: ignore[attr-defined]  # its module does not list it
    OffsetSpec,
)
from msgspec import Struct

from connectors.events.decode import decode
from connectors.kafka.in_turn import IN_TURN
from connectors.kafka.topics import PREFIX, admin_client, channel_topic
from flows.settings import Settings
from flows.simulate.stream import stream
from state.applied import Applied
from state.fence import Fence, decode_fence
from state.profile import Profile, decode_profile
from state.store.counters import read_counters
from state.store.keys import shard_keys
from state.touchpoint import Touchpoint
from tests.faults.laws.judge import Place, judge
from tests.faults.programs import Child

ROOT = Path(__file__).resolve().parents[2]
PARTITIONS = 4
VICTIM = ROOT / "tests/faults/victim.py"
PLAYBOOK = ROOT / "playbooks/retail.yaml"
INPUTS = tuple(map(channel_topic, ("click", "email", "chat", "kiosk")))
RUN_LIMIT_S = 60
PRODUCERS: dict[str, tuple[dict[str, str], Callable[[str], str | None]]] = {
    "right": ({"partitioner": "murmur2_random"}, lambda key: key),
    "librdkafka's own partitioner": ({"partitioner": "consistent_random"}, lambda key: key),
    "no key": ({"partitioner": "murmur2_random"}, lambda _: None),
    "another key": ({"partitioner": "murmur2_random"}, lambda key: f"of {key}"),
}
"""Name → options, and the key that it gives an event of the customer."""


MIXED = (*PRODUCERS, "right")
"""A part of the events lies where it belongs, and more do not."""


class Logged(Struct, frozen=True):
    """A record of a topic as it lies there."""

    partition: int
    offset: int
    key: bytes | None
    value: bytes
    stamp: int
    topic: str
    headers: list[tuple[str, bytes | None]]


class World(Struct, frozen=True):
    """Where everything is."""

    bootstrap_servers: str
    redis_url: str
    flush_events: int = 40
    playbook: Path = PLAYBOOK
    partitions: int = PARTITIONS

    @property
    def place(self) -> Place:
        """Where its flow works."""
        channels = Settings().channels
        return Place(
            self.bootstrap_servers, self.redis_url, self.partitions, channels, self.playbook
        )

    @property
    def environment(self) -> dict[str, str]:
        return {
            **{k: v for k, v in os.environ.items() if not k.startswith("TOUCHLINE_")},
            "TOUCHLINE_KAFKA_BOOTSTRAP_SERVERS": self.bootstrap_servers,
            "TOUCHLINE_REDIS_URL": self.redis_url,
            "TOUCHLINE_PLAYBOOK": str(self.playbook),
            "TOUCHLINE_PARTITIONS": str(self.partitions),
            "TOUCHLINE_FLUSH_EVENTS": str(self.flush_events),
            "PYTHONPATH": str(ROOT),
        }

    def fill(
        self,
        count: int,
        start_ms: int,
        seed: int = 7,
        customers: int = 40,
        producers: Iterable[str] = ("right",),
    ) -> int:
        """Write `count` simulated events, in turn by each of `producers`; how many went out.

        A producer is one of PRODUCERS.
        """
        # Idempotent: what is sent again when brokers go is there once, and where it belongs.
        common = {"bootstrap.servers": self.bootstrap_servers, **IN_TURN}
        clients = [
            (Producer({**common, **options}), key)
            for options, key in map(PRODUCERS.__getitem__, producers)
        ]
        emissions = stream(seed, customers, start_ms, 200)
        for (client, key), _, emission in zip(
            cycle(clients), range(count), emissions, strict=False
        ):
            client.produce(
                channel_topic(emission.channel),
                emission.value,
                key(emission.key),
                headers=[("trace", b"\x00\xff"), ("none", None)],
                on_delivery=delivered,
            )
        for client, _ in clients:
            assert client.flush() == 0
        return count

    def start(
        self, point: str, nth: int, total: int, worker: str = "1/1", **settings: str
    ) -> Child:
        """The flow as a child that dies at `point` (see `victim`)."""
        words = [str(VICTIM), point, str(nth), str(total), worker]
        return Child(words, {**self.environment, **settings}, "stderr")

    def run(self, point: str, nth: int, total: int, **settings: str) -> int:
        """`start`, then its exit code. Fails when it runs too long, with what it said."""
        child = self.start(point, nth, total, **settings)
        said = ended(child)
        assert child.returncode in (0, -9), said[-4000:]
        return child.returncode

    def ends(self, topics: Iterable[str]) -> int:
        """Records that were ever in `topics`: the sum of where their partitions end."""
        latest: Any = OffsetSpec.latest  # which has no types
        asked = {
            TopicPartition(topic, p): latest() for topic in topics for p in range(self.partitions)
        }
        admin = admin_client({"bootstrap.servers": self.bootstrap_servers})
        answers = admin.list_offsets(asked)  # given as long as the client lives
        return sum(answer.result(30).offset for answer in answers.values())

    def log(self, topic: str) -> list[Logged]:
        """Everything in `topic`, partition by partition, in offset order."""
        consumer = Consumer(
            {
                "bootstrap.servers": self.bootstrap_servers,
                "group.id": "test",
                "enable.partition.eof": True,
                "auto.offset.reset": "earliest",
            }
        )
        consumer.assign([TopicPartition(topic, p, 0) for p in range(self.partitions)])
        left, found = set(range(self.partitions)), []
        while left:
            message = consumer.poll(10)
            assert message is not None, f"{topic} cannot be read to its end"
            if (error := message.error()) is not None:
                assert error.code() == KafkaError._PARTITION_EOF, error
                left.discard(message.partition() or 0)
                continue
            found.append(
                Logged(
                    message.partition() or 0,
                    message.offset() or 0,
                    message.key(),
                    message.value() or b"",
                    message.timestamp()[1],
                    topic,
                    cast(list[tuple[str, bytes | None]], message.headers() or []),
                )
            )
        consumer.close()
        return sorted(found, key=lambda record: (record.partition, record.offset))

    def accounted(self) -> int:
        """Input records that are in a commit."""
        kinds = ("accepted:", "duplicate:", "dead_letter:")
        return sum(n for name, n in self.counters().items() if name.startswith(kinds))

    def profiles(self) -> dict[str, Profile]:
        """Customer → stored profile, of all shards."""
        client = redis.Redis.from_url(self.redis_url)
        found = {}
        for shard in range(self.partitions):
            prefix = shard_keys(shard).profile_prefix
            for key in client.scan_iter(prefix + b"*", count=1000):
                found[key.removeprefix(prefix).decode()] = decode_profile(held(client, key))
        return found

    def counters(self) -> dict[str, int]:
        """The shards' absolute counts, summed."""
        return dict(read_counters(redis.Redis.from_url(self.redis_url), self.partitions))

    def outbox(self) -> int:
        """Recorded entries that are still waiting to be trimmed."""
        client = redis.Redis.from_url(self.redis_url)
        return sum(client.llen(shard_keys(shard).outbox) for shard in range(self.partitions))

    def commits(self) -> dict[int, int]:
        """Shard → number of its last commit."""
        return {shard: fence.commit for shard, fence in self.fences().items()}

    def fences(self) -> dict[int, Fence]:
        """Shard → its fence, of those that were ever taken."""
        client = redis.Redis.from_url(self.redis_url)
        return {
            shard: decode_fence(held(client, shard_keys(shard).fence))
            for shard in range(self.partitions)
            if client.exists(shard_keys(shard).fence)
        }


def held(client: "redis.Redis", key: bytes) -> bytes:
    """The value of a key that is there."""
    value = client.get(key)
    assert isinstance(value, bytes)
    return value


def delivered(error: KafkaError | None, _: Any) -> None:
    """What is sent to a world must be there."""
    assert error is None, error.str()


def ended(child: Child, within_s: float = RUN_LIMIT_S) -> str:
    """What the child has said, once it has ended. Fails when it runs too long."""
    try:
        return child.communicate(timeout=within_s)[1]
    except subprocess.TimeoutExpired:
        child.send_signal(signal.SIGUSR1)
        time.sleep(2)  # to say where it is
        child.kill()
        said = child.communicate()[1]
        raise AssertionError(f"the flow did not end:\n{said[-8000:]}") from None


def read_once(records: Iterable[tuple[Logged, Applied]]) -> list[Logged]:
    """What a reader takes that follows the rule: per partition only higher places."""
    highest: dict[int, Applied] = {}
    taken = []
    for logged, place in records:
        assert place.shard == logged.partition
        if logged.partition not in highest or place > highest[logged.partition]:
            highest[logged.partition] = place
            taken.append(logged)
    return taken


def check(world: World, produced: int) -> dict[str, int]:
    """All that must hold when every input record is processed, whatever happened on the way.

    Returns how often records were repeated, so that a test can see that its crash did something.
    """
    verdict = judge(world.place)
    told = verdict.told()
    assert told == [], "\n".join(told)
    assert verdict.produced == produced
    return verdict.repeats


def good_events(logs: Iterable[Logged]) -> dict[str, list[Touchpoint]]:
    """Id → events of the input that are good wherever they lie, found without any of the flow's
    machinery but the decoder."""
    found: dict[str, list[Touchpoint]] = defaultdict(list)
    for logged in logs:
        channel = logged.topic.removeprefix(PREFIX)
        event = decode(logged.value or None, channel, logged.stamp, logged.stamp)
        if isinstance(event, Touchpoint):
            found[event.id].append(event)
    return found


def accepted_ids(world: World) -> set[str]:
    """Ids of the input's good events."""
    return {*good_events(logged for topic in INPUTS for logged in world.log(topic))}
