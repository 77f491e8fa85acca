"""Events that came to another partition than their customer's: sent on, and received.

Guaranteed: what is sent on is in the outbox with the commit that passes it over, and reaches its
customer's shard in the order in which it came, per topic and partition. After a crash it is
published again, the same bytes; the shard that receives it drops what it has had.
"""

import logging
import time
from collections.abc import Callable

from connectors.events.dead_letter import Reason, Refusal
from connectors.kafka.forwarding import (
    MAX_HOPS,
    Unmarked,
    forward_again,
    forward_entry,
    read_forwarded,
)
from connectors.kafka.topics import FORWARD, PREFIX
from flows.processor.flush import REPEAT, Elsewhere, Repeat, Slice, Through
from state.origins import is_new
from state.touchpoint import Touchpoint

log = logging.getLogger("touchline.touchpoints")

FORWARDED = FORWARD.removeprefix(PREFIX)
"""The channel that the topic would be of; no channel is named so."""
WARN_EVERY_S = 60.0


def receive(part: Slice, topic_ids: dict[str, str], partitions: int) -> dict[int, Refusal | Repeat]:
    """Find out what the forwarded records among the messages are, by the shard's origins.

    Position → a verdict, of those that are no event to be decoded; the others stand in
    `part.forwarded` from now on. `topic_ids`: of the topics that the shard reads.
    """
    verdicts: dict[int, Refusal | Repeat] = {}
    origins = part.shard.origins
    for position, message in enumerate(part.messages):
        if message.topic() != FORWARD:
            continue
        try:
            forwarded = read_forwarded(message, topic_ids, partitions)
        except Unmarked as unmarked:
            verdicts[position] = Refusal(Reason.BAD_ORIGIN, str(unmarked))
            continue
        place = forwarded.origin.sender
        if is_new(origins, place.sender, place.offset):
            part.origins[place.sender] = origins[place.sender]
            part.forwarded[position] = forwarded
        else:
            verdicts[position] = REPEAT
            part.count("forward_repeat", FORWARD)
    return verdicts


def route_elsewhere(part: Slice, position: int, shard: int) -> Elsewhere | Refusal:
    """What becomes of an event of a customer of `shard`, which is another one."""
    forwarded = part.forwarded.get(position)
    if forwarded is None or forwarded.origin.hops < MAX_HOPS:
        return Elsewhere(shard)
    return Refusal(
        Reason.MISPLACED,
        f"expected in partition {shard} (murmur2 of the customer id), came in {part.shard.index} "
        f"after it was forwarded {MAX_HOPS} times; let all processes run the same version, and "
        f"nobody else write to {FORWARD}",
    )


def send_on(part: Slice, position: int, shard: int) -> None:
    """Put the event into what is forwarded to `shard`."""
    message = part.messages[position]
    topic = message.topic()
    source = part.shard.fence.positions[topic].source
    forwarded = part.forwarded.get(position)
    if forwarded is None:
        entry = forward_entry(message, source, shard)
        part.misplaced.setdefault(topic, (message.offset(), shard))
    else:
        entry = forward_again(forwarded, source, shard)
    part.forwards.append(entry)
    part.count("forwarded", topic)


def tell_apart(part: Slice) -> None:
    """Let what was forwarded here say nothing of how far its channel's topic is read here."""
    for came in part.through.values():
        came.newest_ms = 0
    newest_ms: dict[str, int] = {}
    for position, event in enumerate(part.events):
        if isinstance(event, Touchpoint):
            channel = FORWARDED if position in part.forwarded else event.channel
            newest_ms[channel] = max(newest_ms.get(channel, 0), event.at_ms)
    for channel, at_ms in newest_ms.items():
        part.through.setdefault(channel, Through()).newest_ms = at_ms


class MisplacedNotice:
    """Tells people of events that had to be forwarded: at most once a minute a topic."""

    def __init__(self, warn: Callable[..., object] = log.warning) -> None:
        self._warn = warn
        self._untold: dict[str, int] = {}
        self._told_s: dict[str, float] = {}

    def note(self, part: Slice) -> None:
        """What is committed."""
        for topic, (offset, expected) in part.misplaced.items():
            self._untold[topic] = self._untold.get(topic, 0) + part.tally["forwarded"][topic]
            now_s = time.monotonic()
            if now_s - self._told_s.get(topic, -WARN_EVERY_S) < WARN_EVERY_S:
                continue
            self._told_s[topic] = now_s
            self._warn(
                "%s: %d events came in another partition than their customer's and were "
                "forwarded, such as offset %d in partition %d, expected in %d; set the producer's "
                "partitioner to murmur2_random and its key to the customer id",
                topic,
                self._untold.pop(topic),
                offset,
                part.shard.index,
                expected,
            )
