"""decode and route: what came, whose it is, and what is known of them."""

from collections.abc import Sequence

from connectors.events.decode import decode
from connectors.kafka.broadcast import read_told
from connectors.kafka.murmur2 import partition_of
from connectors.kafka.topics import BROADCAST, DECIDED, FORWARD, PREFIX
from connectors.published.decided import read_decided
from flows.processor.flush import Flush, Slice
from flows.processor.forwarding import FORWARDED, receive, route_elsewhere
from flows.processor.processor import Processor
from flows.processor.recalling import find_holders
from flows.processor.waking import find_due
from state.decided import Decided
from state.profile import Profile, ProfileUnreadable, decode_profile
from state.repeats import LAST_RECEIVED_MS
from state.store.shard_store import Refused
from state.touchpoint import Touchpoint


def decode_step(processor: Processor, flush: Flush) -> None:
    """Each record becomes a Touchpoint or a Refusal, a Repeat of what was forwarded before, or what
    was Decided for somebody who asked.

    Pure but for the flush it fills and the shard's origins.
    """
    channels = {PREFIX + name: name for name in (*processor.settings.channels, FORWARDED)}
    partitions, limits = processor.settings.partitions, processor.playbook.limits
    for part in flush.slices:
        now_ms = part.plan.now_ms
        came_here = FORWARD in part.plan.ranges
        verdicts = receive(part, processor.input_ids, partitions) if came_here else {}
        add = part.events.append
        for message in part.records:
            _, stamp = message.timestamp()
            if message.topic() == BROADCAST:
                add(read_told(message.value()))
                continue
            if message.topic() == DECIDED:
                index = part.shard.index
                add(read_decided(message.value(), index, partitions, now_ms, limits))
                continue
            # None (-1), or one beyond all reason: a producer's clock may say anything.
            received_ms = stamp if 0 < stamp <= LAST_RECEIVED_MS else now_ms
            add(decode(message.value(), channels[message.topic()], received_ms, now_ms, limits))
        for position, verdict in verdicts.items():
            part.events[position] = verdict


def route_step(processor: Processor, flush: Flush) -> None:
    """Read the profiles that are not in memory: of those with events, of those of whom time alone
    may change something, and of those who are served what is sold out. Mark events of another
    shard's customers."""
    customers = {part: _customers(part) for part in flush.slices}
    flush.slices = processor.each(
        "route", flush.slices, lambda part: find_due(processor, part, customers[part])
    )
    for part in flush.slices:
        customers[part] += [customer for _, customer in part.due]
    flush.slices = processor.each("route", flush.slices, lambda part: find_holders(processor, part))
    for part in flush.slices:
        customers[part] = list(dict.fromkeys([*customers[part], *part.recalled]))
    asked = {part: _unknown(part, customers[part]) for part in flush.slices}

    def ask(part: Slice) -> None:
        if unknown := asked[part]:
            part.shard.store.begin_load(unknown)

    def answer(part: Slice) -> None:
        if unknown := asked[part]:
            _place(processor, part, unknown, part.shard.store.end_load())

    flush.slices = processor.each("route", processor.each("route", flush.slices, ask), answer)
    met = sum(len(customers[part]) for part in flush.slices)
    missed = sum(len(asked[part]) for part in flush.slices)
    processor.meter.add("touchline_cache_misses_total", missed)
    processor.meter.add("touchline_cache_hits_total", met - missed)


def _customers(part: Slice) -> list[str]:
    """Each once, in the order they come."""
    return list(
        dict.fromkeys(
            event.customer_id for event in part.events if isinstance(event, Touchpoint | Decided)
        )
    )


def _unknown(part: Slice, customers: Sequence[str]) -> list[str]:
    known = part.shard.profiles
    return [customer for customer in customers if customer not in known]


def stored_profile(part: Slice, customer: str, blob: bytes) -> Profile:
    """Raises Refused when it cannot be read: to begin with an empty one would forget a customer."""
    try:
        return decode_profile(blob)
    except ProfileUnreadable as error:
        raise Refused(f"shard {part.shard.index}, customer {customer!r}: {error}") from None


def _place(
    processor: Processor, part: Slice, customers: Sequence[str], blobs: Sequence[bytes | None]
) -> None:
    """A profile that is stored here was placed when it began; only a new one is checked."""
    profiles = part.shard.profiles
    partitions = processor.settings.partitions
    elsewhere: dict[str, int] = {}
    for customer, blob in zip(customers, blobs, strict=True):
        if blob is not None:
            profiles[customer] = stored_profile(part, customer, blob)
        elif (shard := partition_of(customer, partitions)) == part.shard.index:
            profiles[customer] = Profile()
        else:
            elsewhere[customer] = shard
    if elsewhere:
        part.events = [
            route_elsewhere(part, position, elsewhere[event.customer_id])
            if isinstance(event, Touchpoint) and event.customer_id in elsewhere
            else event
            for position, event in enumerate(part.events)
        ]
