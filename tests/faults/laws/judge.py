"""All laws, shard by shard, so that memory holds one shard's customers at a time.

The logs are streamed; of a record no more is kept than its id and a hash of its bytes.
"""

import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import msgspec
import redis
from msgspec import Struct

from connectors.kafka.to_end import ToEnd
from connectors.kafka.topics import ACTIONS, DEAD_LETTER, ENRICHED, channel_topic
from decisions.load import load_playbook
from tests.faults.laws.shard import STATE, ShardLaws
from tests.faults.laws.verdict import Verdict


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
    verdict = Verdict(repeats={"rows": 0, "actions": 0, "dead_letters": 0})
    playbook = load_playbook(place.playbook)
    client = redis.Redis.from_url(place.redis_url)
    for first in range(0, place.partitions, at_once):
        shards = range(first, min(first + at_once, place.partitions))
        progress(f"checking shards {first} to {shards[-1]} of {place.partitions}")
        all_laws = {s: ShardLaws(s, place.partitions, playbook, verdict) for s in shards}
        _feed(place, all_laws, OUTPUTS, verdict)
        inputs = dict.fromkeys(map(channel_topic, place.channels), ShardLaws.input)
        _feed(place, all_laws, inputs, verdict)
        for laws in all_laws.values():
            laws.of_logs()
            laws.of_redis(client, int(time.time() * 1000))
    stored = sum(1 for _ in client.scan_iter(b"touchline:{s*}:c:*", count=5_000))
    verdict.expect(
        stored == verdict.customers, STATE, f"{stored} are stored, {verdict.customers} expected"
    )
    client.close()
    return verdict


Reads = Callable[[ShardLaws, Any], None]

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
