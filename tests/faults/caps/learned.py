"""Whether what was learned is what was published: the counters in Redis beside the log's answers.

Counts by hand what `offer.answered` says of each decision, and compares with the sum over shards.
Imports nothing that counts: counters are read as the numbers that they are.
"""

from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Mapping
from datetime import datetime
from typing import Any

import msgspec
import redis

from connectors.kafka.to_end import ToEnd
from connectors.kafka.topics import ACTIONS
from decisions.offering.logged import read_decided
from decisions.offering.recheck import retell
from state.store.keys import shard_keys

WITHIN_MS = 60_000
"""How long the playbook of a run waits for a word."""
HALF_LIFE_MS = 3650 * 86_400_000
NEAR = 1e-3
"""What fades in a run of an hour is a hundredth of that."""
MARGIN_MS = 30_000
"""How long after silence has become an answer it may still be on its way, when a run ends."""

Arm = tuple[str, str]
"""(offer, channel)."""


class Answers:
    """What became of each decision, by the log."""

    def __init__(self) -> None:
        self.arms: dict[str, Arm] = {}
        self.shown: dict[str, int] = {}
        """Decision → when the customer said that it was shown, as of the flow's clock."""
        self.said: defaultdict[str, set[str]] = defaultdict(set)
        self.end_ms = 0

    def take(self, kind: str, at_ms: int, body: Mapping[str, Any]) -> None:
        """One record, once."""
        self.end_ms = max(self.end_ms, at_ms)
        decision = body["decision_id"]
        if kind == "offer.decided":
            if body["learned"]:
                self.arms[decision] = body["offer_id"], body["channel"]
        elif kind == "offer.answered" and decision in self.arms:
            self.said[decision].add(body["answer"])
            if body["answer"] == "shown":
                self.shown[decision] = at_ms

    def taken(self) -> Counter[Arm]:
        """Decisions that were accepted."""
        return Counter(self.arms[d] for d, said in self.said.items() if "accepted" in said)

    def refused(self, *, surely: bool) -> Counter[Arm]:
        """Decisions that were dismissed, or of which nothing was said after they were shown; those
        that may be waited for are left out where it has to be sure."""
        late_ms = self.end_ms - WITHIN_MS - MARGIN_MS
        found: Counter[Arm] = Counter()
        for decision, said in self.said.items():
            if "accepted" in said:
                continue
            silent = "shown" in said and (not surely or self.shown[decision] <= late_ms)
            found[self.arms[decision]] += "dismissed" in said or silent
        return found


def check_learned(
    config: Mapping[str, str],
    redis_url: str,
    shards: int,
    say: Callable[[str], object],
) -> list[str]:
    """What is wrong with the counters, or with a decision that does not reproduce itself."""
    wrong: list[str] = []
    answers = Answers()
    for shard in range(shards):
        say(f"counting the answers of shard {shard} of {shards}")
        for record in _actions(config, shard):
            body = record["body"]
            if record["kind"] in ("offer.decided", "offer.answered"):
                answers.take(record["kind"], _ms(record["decided_at"]), body)
            if record["kind"] == "offer.decided":
                remarks = retell(read_decided(msgspec.json.encode(record))).remarks
                wrong += [f"{record['id']}: {remark}" for remark in remarks]
    counted = _counted(redis_url, shards, answers.end_ms)
    taken, least, most = (
        answers.taken(),
        answers.refused(surely=True),
        answers.refused(surely=False),
    )
    for arm in sorted({*counted, *taken, *most}):
        tries, yes = counted.get(arm, (0.0, 0.0))
        if abs(yes - taken[arm]) > NEAR * (1 + taken[arm]):
            wrong.append(f"{arm}: {taken[arm]} were accepted, {yes:.3f} are counted as taken")
        no = tries - yes
        if not least[arm] * (1 - NEAR) - NEAR <= no <= most[arm] * (1 + NEAR) + NEAR:
            wrong.append(f"{arm}: {least[arm]} to {most[arm]} were refused, {no:.3f} are counted")
    if sum(taken.values()) < 10 or sum(least.values()) < 10:
        wrong.append(f"too little was learned to say anything: {taken}, {least}")
    return wrong


def _counted(redis_url: str, shards: int, now_ms: int) -> dict[Arm, tuple[float, float]]:
    """Arm → tries and taken over all shards and buckets, as of now."""
    found: defaultdict[Arm, list[float]] = defaultdict(lambda: [0.0, 0.0])
    with redis.Redis.from_url(redis_url) as client:
        for shard in range(shards):
            learned: Any = client.hgetall(shard_keys(shard).learned)
            for name, blob in learned.items():
                offer, channel, _ = name.decode().split(" ")
                tries, taken, at_ms = msgspec.msgpack.decode(blob)
                left = 0.5 ** ((now_ms - at_ms) / HALF_LIFE_MS)
                found[offer, channel][0] += tries * left
                found[offer, channel][1] += taken * left
    return {arm: (tries, taken) for arm, (tries, taken) in found.items()}


def _actions(config: Mapping[str, str], shard: int) -> Iterator[dict[str, Any]]:
    seen: set[str] = set()
    for batch in ToEnd(config, {(ACTIONS, shard): 0}).batches():
        for message in batch:
            record = msgspec.json.decode(message.value())
            if record["id"] not in seen:
                seen.add(record["id"])
                yield record


def _ms(text: str) -> int:
    return round(datetime.fromisoformat(text).timestamp() * 1000)
