"""All laws, shard by shard, so that memory holds one shard's customers at a time.

The logs are streamed; of a record no more is kept than its id and a hash of its bytes. What was
sent on from one shard to another is judged at the end, when all have been read.
"""

import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import msgspec
import redis
from msgspec import Struct

from connectors.kafka.to_end import ToEnd
from connectors.kafka.topics import ACTIONS, DEAD_LETTER, ENRICHED, FORWARD, channel_topic
from decisions.load import load_playbook
from tests.faults.laws.forwards import Forwards
from tests.faults.laws.planned import ROWLESS
from tests.faults.laws.shard import COUNTS, STATE, ShardLaws
from tests.faults.laws.verdict import Verdict

REPEATS = ("rows", "actions", "dead_letters", "forwarded")
"""What may lie in a log again, for its readers to drop."""


class Place(Struct, frozen=True):
    """Where a flow has worked."""

    bootstrap_servers: str
    redis_url: str
    partitions: int
    channels: tuple[str, ...]
    playbook: Path


def judge(
    place: Place, progress: Callable[[str], object] = lambda _: None, at_once: int = 4
) -> Verdict:
    """What the laws say, once all input is processed and nothing is under way.

    `at_once`: shards whose customers are in memory together; fewer take longer.
    """
    verdict = Verdict(repeats=dict.fromkeys(REPEATS, 0))
    forwards = Forwards(verdict)
    playbook = load_playbook(place.playbook)
    client = redis.Redis.from_url(place.redis_url)
    for first in range(0, place.partitions, at_once):
        shards = range(first, min(first + at_once, place.partitions))
        progress(f"checking shards {first} to {shards[-1]} of {place.partitions}")
        all_laws = {s: ShardLaws(s, place.partitions, playbook, verdict, forwards) for s in shards}
        _feed(place, all_laws, {FORWARD: ShardLaws.from_elsewhere}, verdict)
        channels = list(map(channel_topic, place.channels))
        _feed(place, all_laws, APART, verdict)
        if any(laws.planned.needed for laws in all_laws.values()):
            in_turn = dict.fromkeys([*channels, FORWARD], ShardLaws.in_turn)
            _feed(place, all_laws, in_turn, verdict)
        _feed(place, all_laws, OUTPUTS, verdict)
        inputs = dict.fromkeys(channels, ShardLaws.input)
        _feed(place, all_laws, {**inputs, **INTERNAL}, verdict)
        for laws in all_laws.values():
            laws.of_logs()
            laws.of_redis(client, int(time.time() * 1000))
    forwards.judge()
    counted = verdict.accepted + verdict.duplicates + verdict.dead_letters
    came = verdict.produced + verdict.strays
    verdict.expect(counted == came, COUNTS, f"all shards: {counted} counted, {came} produced")
    stored = sum(1 for _ in client.scan_iter(b"touchline:{s*}:c:*", count=5_000))
    verdict.expect(
        stored == verdict.customers, STATE, f"{stored} are stored, {verdict.customers} expected"
    )
    client.close()
    return verdict


Reads = Callable[[ShardLaws, Any], None]

APART: dict[str, Reads] = {
    DEAD_LETTER: ShardLaws.buried,
    **dict.fromkeys(ROWLESS, ShardLaws.apart),
}
"""What says where between the rows something lies that has none."""
INTERNAL: dict[str, Reads] = {
    FORWARD: ShardLaws.forwarded,
    **dict.fromkeys(ROWLESS, ShardLaws.without_row),
}
"""Input that Touchline writes itself."""
OUTPUTS: dict[str, Reads] = {
    ENRICHED: ShardLaws.enriched,
    ACTIONS: ShardLaws.action,
    DEAD_LETTER: ShardLaws.letter,
}


def _feed(
    place: Place,
    all_laws: Mapping[int, ShardLaws],
    readers: Mapping[str, Reads],
    verdict: Verdict,
) -> None:
    config = {"bootstrap.servers": place.bootstrap_servers}
    starts = {(topic, shard): 0 for topic in readers for shard in all_laws}
    for batch in ToEnd(config, starts).batches():
        for message in batch:
            try:
                readers[message.topic()](all_laws[message.partition()], message)
            except msgspec.DecodeError as error:
                where = f"{message.topic()}[{message.partition()}]@{message.offset()}"
                verdict.broke("what is published can be read", f"{where}: {error}")
