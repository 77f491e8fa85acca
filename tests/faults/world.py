"""A small world to break: a broker, a Redis, some input, and what must hold of the output."""

import os
import subprocess
import sys
from collections import defaultdict
from collections.abc import Iterable
from pathlib import Path

import redis
from confluent_kafka import Consumer, KafkaError, Producer, TopicPartition
from msgspec import Struct

from connectors.events.dead_letter import Reason
from connectors.events.decode import decode
from connectors.kafka.murmur2 import partition_of
from connectors.kafka.topics import ACTIONS, DEAD_LETTER, ENRICHED, channel_topic
from connectors.published.record_types import (
    DeadLetterRecord,
    EnrichedRecord,
    read_action,
    read_dead_letter,
    read_enriched,
)
from connectors.published.records import action_record
from decisions.decide import decide
from decisions.load import load_playbook
from flows.simulate.stream import stream
from state.applied import Applied
from state.fence import Plan, decode_fence, decode_plan
from state.fold import fold
from state.profile import Profile, decode_profile, encode_profile
from state.store.keys import shard_keys
from state.store.shard_store import read_counters
from state.touchpoint import Touchpoint

ROOT = Path(__file__).resolve().parents[2]
PARTITIONS = 4
PLAYBOOK = ROOT / "playbooks/retail.yaml"
RUN_LIMIT_S = 60


class Logged(Struct, frozen=True):
    """A record of a topic as it lies there."""

    partition: int
    offset: int
    key: bytes | None
    value: bytes
    stamp: int
    topic: str


class World(Struct, frozen=True):
    """Where everything is."""

    bootstrap_servers: str
    redis_url: str
    flush_events: int = 40
    playbook: Path = PLAYBOOK

    @property
    def environment(self) -> dict[str, str]:
        return {
            **{k: v for k, v in os.environ.items() if not k.startswith("TOUCHLINE_")},
            "TOUCHLINE_KAFKA_BOOTSTRAP_SERVERS": self.bootstrap_servers,
            "TOUCHLINE_REDIS_URL": self.redis_url,
            "TOUCHLINE_PLAYBOOK": str(self.playbook),
            "TOUCHLINE_PARTITIONS": str(PARTITIONS),
            "TOUCHLINE_FLUSH_EVENTS": str(self.flush_events),
            "PYTHONPATH": str(ROOT),
        }

    def fill(self, count: int, start_ms: int, seed: int = 7, customers: int = 40) -> int:
        """Write `count` simulated events; how many went out."""
        producer = Producer(
            {"bootstrap.servers": self.bootstrap_servers, "partitioner": "murmur2_random"}
        )
        emissions = stream(seed, customers, start_ms, 200)
        for _, emission in zip(range(count), emissions, strict=False):
            producer.produce(channel_topic(emission.channel), emission.value, emission.key)
        producer.flush()
        return count

    def start(self, point: str, nth: int, total: int, **settings: str) -> "subprocess.Popen[str]":
        """The flow as a child that dies at `point` (see `victim`)."""
        return subprocess.Popen(
            [sys.executable, str(ROOT / "tests/faults/victim.py"), point, str(nth), str(total)],
            env={**self.environment, **settings},
            cwd=ROOT,
            stderr=subprocess.PIPE,
            text=True,
        )

    def run(self, point: str, nth: int, total: int, **settings: str) -> int:
        """`start`, then its exit code. Fails when it runs too long, with what it said."""
        child = self.start(point, nth, total, **settings)
        said = ended(child)
        assert child.returncode in (0, -9), said[-4000:]
        return child.returncode

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
        consumer.assign([TopicPartition(topic, p, 0) for p in range(PARTITIONS)])
        left, found = set(range(PARTITIONS)), []
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
        for shard in range(PARTITIONS):
            prefix = shard_keys(shard).profile_prefix
            for key in client.scan_iter(prefix + b"*", count=1000):
                found[key.removeprefix(prefix).decode()] = decode_profile(held(client, key))
        return found

    def counters(self) -> dict[str, int]:
        """The shards' absolute counts, summed."""
        return dict(read_counters(redis.Redis.from_url(self.redis_url), PARTITIONS))

    def outbox(self) -> int:
        """Recorded actions that are still waiting to be trimmed."""
        client = redis.Redis.from_url(self.redis_url)
        return sum(client.llen(shard_keys(shard).outbox) for shard in range(PARTITIONS))

    def commits(self) -> dict[int, int]:
        """Shard → number of its last commit."""
        client = redis.Redis.from_url(self.redis_url)
        return {
            shard: decode_fence(held(client, shard_keys(shard).fence)).commit
            for shard in range(PARTITIONS)
            if client.exists(shard_keys(shard).fence)
        }


def held(client: "redis.Redis", key: bytes) -> bytes:
    """The value of a key that is there."""
    value = client.get(key)
    assert isinstance(value, bytes)
    return value


def ended(child: "subprocess.Popen[str]", within_s: float = RUN_LIMIT_S) -> str:
    """What the child has said, once it has ended. Fails when it runs too long."""
    try:
        return child.communicate(timeout=within_s)[1]
    except subprocess.TimeoutExpired:
        child.kill()
        said = child.communicate()[1]
        raise AssertionError(f"the flow did not end:\n{said[-4000:]}") from None


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


def one_content(records: Iterable[tuple[Logged, str]]) -> None:
    """An id or a place never has two contents, whoever wrote it."""
    seen: dict[str, bytes] = {}
    for logged, name in records:
        assert seen.setdefault(name, logged.value) == logged.value, f"{name} has two contents"


def check(world: World, produced: int) -> dict[str, int]:
    """All that must hold when every input record is processed, whatever happened on the way.

    Returns how often records were repeated, so that a test can see that its crash did something.
    """
    rows_log = world.log(ENRICHED)
    plans: dict[tuple[int, int], Plan] = {}
    for logged in rows_log:
        if logged.key is None:
            plan = decode_plan(logged.value)
            assert plans.setdefault((logged.partition, plan.commit), plan) == plan
    rows = [(logged, read_enriched(logged.value)) for logged in rows_log if logged.key is not None]
    actions = [(logged, read_action(logged.value)) for logged in world.log(ACTIONS)]
    dead = [(logged, read_dead_letter(logged.value)) for logged in world.log(DEAD_LETTER)]

    one_content((logged, row.id) for logged, row in rows)
    one_content((logged, f"{row.applied}") for logged, row in rows)
    one_content((logged, action.id) for logged, action in actions)
    one_content((logged, f"{letter.applied}") for logged, letter in dead)
    once = [read_enriched(x.value) for x in read_once((logged, r.applied) for logged, r in rows)]
    acted = read_once((logged, action.applied) for logged, action in actions)
    buried = read_once((logged, letter.applied) for logged, letter in dead)

    counts = world.counters()
    accepted = sum(n for name, n in counts.items() if name.startswith("accepted:"))
    duplicates = sum(n for name, n in counts.items() if name.startswith("duplicate:"))
    letters = sum(n for name, n in counts.items() if name.startswith("dead_letter:"))
    assert (len(once), len(buried)) == (accepted, letters)
    assert accepted + duplicates + letters == produced
    undecidable = [letter for _, letter in dead if letter.reason is Reason.UNDECIDABLE]
    assert {row.id for row in once} == accepted_ids(world) - {id_of(x) for x in undecidable}
    assert len({row.id for row in once}) == len(once)

    recorded, states = replay(world, once, plans)
    published = [logged.value for logged in acted]
    assert set(published) ^ set(recorded) == set()
    assert published == recorded
    stored = world.profiles()
    assert {c: encode_profile(p) for c, p in stored.items()} == states
    assert world.outbox() == 0
    return {
        "rows": len(rows) - len(once),
        "actions": len(actions) - len(acted),
        "dead_letters": len(dead) - len(buried),
    }


def accepted_ids(world: World) -> set[str]:
    """Ids of the input's good events, found without any of the flow's machinery but the decoder."""
    found: set[str] = set()
    for channel in ("click", "email", "chat", "kiosk"):
        for logged in world.log(channel_topic(channel)):
            event = decode(logged.value or None, channel, logged.stamp, logged.stamp)
            if isinstance(event, Touchpoint) and placed(event, logged.partition):
                found.add(event.id)
    return found


def placed(event: Touchpoint, partition: int) -> bool:
    """Whether the event lies where its customer belongs."""
    return partition_of(event.customer_id, PARTITIONS) == partition


def id_of(letter: DeadLetterRecord) -> str:
    """The id of the event in a dead letter."""
    now_ms = round(letter.at.timestamp() * 1000)
    event = decode(letter.value, letter.topic.rpartition(".")[2], now_ms, now_ms)
    assert isinstance(event, Touchpoint)
    return event.id


def replay(
    world: World, rows: list[EnrichedRecord], plans: dict[tuple[int, int], Plan]
) -> tuple[list[bytes], dict[str, bytes]]:
    """Fold and decide the rows in their applied order: the actions' bytes, the final profiles."""
    playbook = load_playbook(world.playbook)
    profiles: dict[str, Profile] = defaultdict(Profile)
    actions: list[bytes] = []
    last: tuple[int, int] | None = None
    ordinal = 0
    for row in rows:
        now_ms = plans[row.applied.shard, row.applied.commit].now_ms
        if (row.applied.shard, row.applied.commit) != last:
            last, ordinal = (row.applied.shard, row.applied.commit), 0
        received_ms = round(row.received_at.timestamp() * 1000)
        event = decode(bytes(row.original), row.channel, received_ms, now_ms)
        assert isinstance(event, Touchpoint), event
        profile = profiles[event.customer_id]
        changed = fold(profile, event, playbook.traits)
        assert changed, f"{row.id} was applied and is a repeat"
        decision = decide(profile, event, changed, playbook, now_ms)
        for action in decision.actions if decision else ():
            place = Applied(row.applied.shard, row.applied.generation, row.applied.commit, ordinal)
            actions.append(
                action_record(event.customer_id, action, now_ms, playbook.version, place)
            )
            ordinal += 1
    return actions, {customer: encode_profile(profile) for customer, profile in profiles.items()}
