"""What a run has left in its topics, shard by shard, read into the checker."""

from collections.abc import Callable, Iterator, Mapping
from typing import Any, NamedTuple

import msgspec
from msgspec import Raw, Struct

from connectors.kafka.to_end import ToEnd
from connectors.kafka.topics import ACTIONS, ENRICHED
from connectors.published.record_types import ActionRecord, read_action
from state.applied import Applied
from tests.oracle.contact.checker import LATER, Checker, Told
from tests.oracle.contact.hours import EPOCH


class Row(Struct, gc=False):
    """What is read of a record of touchpoints.enriched: the event as it came, and where it counted.
    What it led to says the other topic."""

    customer_id: str
    received_at: str
    original: Raw
    applied: Applied


class Original(Struct, rename="camel", gc=False):
    """An event as its producer wrote it."""

    message_id: str
    type: str
    timestamp: str
    event: str = "Identified"
    properties: dict[str, Any] = {}
    traits: dict[str, Any] = {}


class Taken(NamedTuple):
    """An event where it counted."""

    place: Applied
    told: Told


read_row = msgspec.json.Decoder(Row).decode
read_original = msgspec.json.Decoder(Original).decode


def check(
    config: Mapping[str, str], shards: int, checker: Checker, say: Callable[[str], object]
) -> None:
    """Everything, in the order in which it was applied."""
    for shard in range(shards):
        say(f"checking shard {shard} of {shards}")
        rows = _rows(config, shard)
        taken = next(rows, None)
        for record, content in _actions(config, shard, checker):
            commit = _commit(record.applied)
            # What led to it comes before it, and what came later in its commit after it.
            while taken and _commit(taken.place) < commit:
                checker.event(taken.told)
                taken = next(rows, None)
            while (
                taken is not None and _commit(taken.place) == commit and not _led(record, checker)
            ):
                checker.event(taken.told)
                taken = next(rows, None)
            checker.action(record, content)
        while taken:
            checker.event(taken.told)
            taken = next(rows, None)


def _led(record: ActionRecord, checker: Checker) -> bool:
    """Whether the event that led to it is in; what comes later needs none."""
    return (
        record.caused_by.startswith(LATER)
        or checker.last_message(record.customer_id) == record.caused_by
    )


def _commit(place: Applied) -> tuple[int, int]:
    return place.generation, place.commit


def _rows(config: Mapping[str, str], shard: int) -> Iterator[Taken]:
    """A reader follows the rule: only higher places."""
    highest: Applied | None = None
    for message in _records(config, ENRICHED, shard):
        if message.key() is None:
            continue  # a plan
        row = read_row(message.value())
        if highest is None or row.applied > highest:
            highest = row.applied
            yield Taken(row.applied, _told(row))


def _actions(
    config: Mapping[str, str], shard: int, checker: Checker
) -> Iterator[tuple[ActionRecord, bytes]]:
    highest: Applied | None = None
    for message in _records(config, ACTIONS, shard):
        content = message.value()
        record = read_action(content)
        if highest is not None and record.applied <= highest:
            checker.repeated(record.id, content)
            continue
        highest = record.applied
        yield record, content


def _told(row: Row) -> Told:
    original = read_original(row.original)
    said = original.traits if original.type == "identify" else original.properties
    return Told(
        row.customer_id,
        original.message_id,
        original.event,
        _ms(original.timestamp),
        _ms(row.received_at),
        said,
    )


def _ms(text: str) -> int:
    at = type(EPOCH).fromisoformat(text)
    return round((at - EPOCH).total_seconds() * 1000)


def _records(config: Mapping[str, str], topic: str, shard: int) -> Iterator[Any]:
    for batch in ToEnd(config, {(topic, shard): 0}).batches():
        yield from batch
