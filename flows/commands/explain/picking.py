"""A decision, and what became of it, picked out of published records."""

from collections.abc import Iterable, Iterator
from typing import IO

import click
import msgspec
import orjson

from decisions.offering.answers import ANSWERED
from decisions.offering.logged import Answer, Logged, read_answer, read_decided, read_kind
from decisions.offering.record import DECIDED

MOST_BYTES = 4 * 1024 * 1024
"""Of one record: more than Kafka takes."""


class Picked:
    """What is found, as records come."""

    def __init__(self, decision_id: str | None) -> None:
        """None: the only one that there is."""
        self._mark = (decision_id or "").encode()
        self._decided: dict[bytes, None] = {}
        self._answered: dict[bytes, None] = {}
        self.others: dict[str, None] = {}
        """Kinds of actions that came beside it."""

    def take(self, records: Iterable[bytes]) -> None:
        """Raises ValueError for a record about the decision that is none of ours.

        What repeats bytes that came before, as a crash makes it, counts once.
        """
        for record in map(bytes.strip, records):
            if self._mark not in record:
                continue
            kind = read_kind(record)
            if kind == ANSWERED:
                self._answered[record] = None
            elif kind == DECIDED:
                self._decided[record] = None
            self.others.setdefault(kind)

    def decisions(self) -> Iterator[Logged]:
        """Those that are asked for: more than one where one id has two contents, or where none is
        named. Raises ValueError for one that cannot be read."""
        for record in self._decided:
            found = read_decided(record)
            if self._mark in (b"", found.id.encode()):
                yield found

    def answers(self, decision: Logged) -> list[Answer]:
        """What became of it, in the order in which it came. Raises ValueError."""
        found = [read_answer(record, decision) for record in self._answered]
        return [answer for answer in found if answer is not None]


def records_in(path: str) -> Iterator[bytes]:
    """The records of a file, or of stdin for "-": one, over however many lines, or one a line.

    They may be rows of the warehouse. What cannot be read ends the command.
    """
    try:
        with click.open_file(path, "rb") as file:
            yield from map(_published, _records(file))
    except OSError as trouble:
        raise click.ClickException(f"{path}: cannot be read: {trouble.strerror}") from None


def _records(file: IO[bytes]) -> Iterator[bytes]:
    first = file.readline(MOST_BYTES)
    try:
        msgspec.json.decode(first)
    except ValueError:  # it goes on on the next line, or is no JSON, as its reader will say
        yield first + file.read(MOST_BYTES)
        return
    yield first
    for line in file:
        if line.strip():
            yield line


def _published(record: bytes) -> bytes:
    """A row of the warehouse as the record that it was made of: its body is a text there."""
    try:
        found = orjson.loads(record)
    except ValueError:
        return record  # its reader will say
    if isinstance(found, dict) and isinstance(body := found.get("body"), str):
        return orjson.dumps(found | {"body": orjson.Fragment(body)})
    return record
