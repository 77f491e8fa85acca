"""Which dead letters somebody asks for. Pure."""

import re
from typing import NamedTuple

import click

from connectors.events.dead_letter import Reason
from connectors.kafka.topics import DEAD_LETTER
from flows.commands.dlq.letters import Letter
from state.times import milliseconds

PLACE = re.compile(r"(?:([A-Za-z0-9._-]+)\[(\d{1,9})\]|(\d{1,9}))@(\d{1,18})")


class Place(NamedTuple):
    """A record's place; of the dead-letter topic, or of the topic that the event came from."""

    topic: str
    partition: int
    offset: int

    def __str__(self) -> str:
        return f"{self.topic}[{self.partition}]@{self.offset}"


class Selection(NamedTuple):
    """What is asked for: all that is said must be true of a letter."""

    reasons: tuple[Reason, ...] = ()
    channels: tuple[str, ...] = ()
    since_ms: int = 0
    """It became a dead letter then or later."""
    places: tuple[Place, ...] = ()

    def takes(self, letter: Letter) -> bool:
        """Whether `letter` is asked for."""
        record = letter.record
        return (
            (not self.reasons or record.reason in self.reasons)
            and (not self.channels or letter.channel in self.channels)
            and milliseconds(record.at) >= self.since_ms
            and (not self.places or any(_is_at(letter, place) for place in self.places))
        )


def _is_at(letter: Letter, place: Place) -> bool:
    if place.topic == DEAD_LETTER:
        return (place.partition, place.offset) == (letter.partition, letter.offset)
    record = letter.record
    return place == (record.topic, record.partition, record.offset)


def place_of(text: str) -> Place:
    """`3@41`, `touchpoints.dead-letter[3]@41` or the event's own place. Raises ValueError."""
    found = PLACE.fullmatch(text)
    if not found:
        raise ValueError(
            f"expected a place such as 3@41 (partition and offset in {DEAD_LETTER}) or "
            f"touchpoints.click[3]@4711 (where the event came from), got {text!r}"
        )
    topic, numbered, partition, offset = found.groups()
    return Place(topic or DEAD_LETTER, int(numbered or partition), int(offset))


def place(_ctx: click.Context, _param: click.Parameter, text: str | None) -> Place | None:
    """An option's callback."""
    try:
        return None if text is None else place_of(text)
    except ValueError as error:
        raise click.BadParameter(str(error)) from None


def places(
    _ctx: click.Context, _param: click.Parameter, texts: tuple[str, ...]
) -> tuple[Place, ...]:
    """A repeatable option's callback."""
    try:
        return tuple(map(place_of, texts))
    except ValueError as error:
        raise click.BadParameter(str(error)) from None
