"""A small world to break: a broker, a Redis, some input, and what must hold of the output."""

import os
import subprocess
import sys
from collections import defaultdict
from collections.abc import Callable, Iterable
from itertools import cycle
from pathlib import Path
from typing import cast

import redis
from confluent_kafka import Consumer, KafkaError, Producer, TopicPartition
from msgspec import Struct, json

from connectors.events.dead_letter import Reason
from connectors.events.decode import decode
from connectors.kafka.murmur2 import partition_of
from connectors.kafka.topics import ACTIONS, DEAD_LETTER, ENRICHED, FORWARD, PREFIX, channel_topic
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
        clients = [
            (Producer({"bootstrap.servers": self.bootstrap_servers, **options}), key)
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
            )
        for client, _ in clients:
            client.flush()
        return count

    def start(
        self, point: str, nth: int, total: int, worker: str = "1/1", **settings: str
    ) -> "subprocess.Popen[str]":
        """The flow as a child that dies at `point` (see `victim`)."""
        return subprocess.Popen(
            [sys.executable, str(VICTIM), point, str(nth), str(total), worker],
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
        for shard in range(PARTITIONS):
            prefix = shard_keys(shard).profile_prefix
            for key in client.scan_iter(prefix + b"*", count=1000):
                found[key.removeprefix(prefix).decode()] = decode_profile(held(client, key))
        return found

    def counters(self) -> dict[str, int]:
        """The shards' absolute counts, summed."""
        return dict(read_counters(redis.Redis.from_url(self.redis_url), PARTITIONS))

    def outbox(self) -> int:
        """Recorded entries that are still waiting to be trimmed."""
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


REPEATS = ("rows", "actions", "dead_letters", "forwarded")


def check(world: World, produced: int) -> dict[str, int]:
    """All that must hold when every input record is processed, whatever happened on the way.

    Returns how often records were repeated, so that a test can see that its crash did something.
    """
    came = {place(logged): logged for topic in INPUTS for logged in world.log(topic)}
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
    good = good_events(came.values())
    assert {row.id for row in once} == good.keys() - {id_of(x) for x in undecidable}
    assert len({row.id for row in once}) == len(once)
    assert all(belongs(row.customer_id) == row.applied.shard for row in once)
    for _, letter in dead:
        there = came.get((letter.topic, letter.partition, letter.offset))
        if there is not None:  # else it lies among the forwarded, and nobody has forwarded it
            assert (there.value, there.key) == (letter.value or b"", letter.key)
            assert there.headers == letter.headers
    repeats = check_forwarded(world.log(FORWARD), came)

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
        "forwarded": repeats,
    }


def place(logged: Logged) -> tuple[str, int, int]:
    """Where it lies."""
    return logged.topic, logged.partition, logged.offset


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


def belongs(customer: str) -> int:
    """The partition where a customer's events belong."""
    return partition_of(customer, PARTITIONS)


def check_forwarded(log: list[Logged], came: dict[tuple[str, int, int], Logged]) -> int:
    """Each good event that lies in another partition than its customer's is forwarded there, as it
    came, and no other is; of each origin in order, repeats left out. How many were repeats."""
    due = {
        at: event
        for at, logged in came.items()
        for events in good_events([logged]).values()
        for event in events
        if belongs(event.customer_id) != logged.partition
    }
    first: dict[tuple[str, int, int], Logged] = {}
    for logged in log:
        mark = json.decode(logged.headers[0][1] or b"") if logged.headers else {}
        if "place" not in mark:
            continue  # nobody has forwarded it
        at = (mark["topic"], mark["place"]["partition"], mark["place"]["offset"])
        kept = first.setdefault(at, logged)
        assert (kept.value, kept.key, kept.headers) == (logged.value, logged.key, logged.headers)
    assert first.keys() == due.keys()
    reached: dict[tuple[str, int, int], int] = {}
    for (topic, partition, offset), logged in first.items():
        origin = came[topic, partition, offset]
        assert logged.partition == belongs(due[topic, partition, offset].customer_id)
        assert (logged.value, logged.key) == (origin.value, origin.key)
        assert logged.headers[1:] == origin.headers
        sender = (topic, partition, logged.partition)
        assert reached.get(sender, -1) < offset, "forwarded out of order"
        reached[sender] = offset
    return len(log) - len(first)


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
