"""What a test expects as it is written → an Expect, or what is wrong with it."""

from collections.abc import Callable, Collection
from typing import Any

from decisions.cases.case import Equal, Expect, Holds, Names, Wanted
from decisions.document import Mapping, Node, Sequence
from decisions.format.case_keys import EXPECT, IN, MAX_STEPS, RAISED, SOME_ALERTS, SOME_OFFERS
from decisions.format.keys import Keys
from decisions.format.part import Part
from decisions.language import Scope, Value, compile_value
from decisions.language.kinds import BOOL, DOUBLE, DURATION, INT, STRING, TIMESTAMP, is_list
from decisions.nodes import json_value, members_of, quote, show
from decisions.playbook import Playbook
from decisions.reading import Reader, source_of
from state.times import rfc3339

NEVER = "which can never match"

ReadOne = Callable[[Node, str], Wanted | None]


def read_expect(
    reader: Reader, node: Node, where: str, playbook: Playbook, events: Collection[str]
) -> Expect:
    """The expectation at `node`; `events` are the names of the events before it."""
    return _Reading(reader, node, where, playbook, events).expect()


class _Reading:
    def __init__(
        self, reader: Reader, node: Node, where: str, playbook: Playbook, events: Collection[str]
    ) -> None:
        self._reader = reader
        self._part = Part(reader, node, where, EXPECT)
        self._playbook = playbook
        self._events = events
        self._placed: dict[str, str] = {}
        self._scope = Scope(traits=playbook.traits, segments=playbook.segments, event=False)

    def expect(self) -> Expect:
        """All of it."""
        part = self._part
        conditions = part.conditions("that", self._scope)
        segments, alerts = part.get("segments"), part.get("alerts")
        return Expect(
            line=part.node.line,
            segments=self._names(segments, part.where("segments"), IN, self._segment),
            offers=self._offers(),
            alerts=self._names(alerts, part.where("alerts"), SOME_ALERTS, self._alert),
            equal=self._equal(),
            true=tuple(Holds(node.line, source_of(holds), holds) for node, holds in conditions),
        )

    def _never(self, node: Node, where: str, expected: str, got: str) -> None:
        self._reader.problem(node, f"{where}, {NEVER}", expected, got)

    def _names(self, node: Node | None, where: str, some: Keys, read: ReadOne) -> Names | None:
        if node is None:
            return None
        if not isinstance(node, Mapping):
            return Names(node.line, exact=self._each(node, where, read, least=0))
        part = Part(self._reader, node, where, some)
        inside, outside = some.names
        book = self._playbook
        declared = {"in": tuple(book.segments), "includes": tuple(book.alerts)}[inside]
        if some is SOME_OFFERS:
            declared = tuple(book.offers)
        includes = self._each(part.get(inside), part.where(inside), read)
        excludes = self._each(
            part.get(outside),
            part.where(outside),
            lambda node, where: self._one(node, where, declared),
        )
        for name in {name for name, _ in includes} & {name for name, _ in excludes}:
            expected = f"{name} in one of {inside} and {outside}"
            self._never(part.get(outside) or node, where, expected, "it in both")
        return Names(node.line, None, includes, tuple(name for name, _ in excludes))

    def _each(
        self, node: Node | None, where: str, read: ReadOne, *, least: int = 1
    ) -> tuple[Wanted, ...]:
        if node is None:
            return ()
        found: list[Wanted] = []
        members = members_of(node)
        if not least <= len(members) <= MAX_STEPS:
            self._reader.problem(node, where, f"{least} to {MAX_STEPS} entries", str(len(members)))
        for member in members:
            one = read(member, where)
            if one is not None and one in found and read != self._alert:
                self._reader.problem(member, where, "each once", quote(one[0]))
            elif one is not None:
                found.append(one)
        return tuple(found)

    def _one(self, node: Node, where: str, declared: Collection[str]) -> Wanted | None:
        name = self._reader.choice(node, where, declared)
        return (name, None) if name else None

    def _segment(self, node: Node, where: str) -> Wanted | None:
        return self._one(node, where, self._playbook.segments)

    def _alert(self, node: Node, where: str) -> Wanted | None:
        """An alert by its name, or with its message."""
        alerts, message, place = self._playbook.alerts, None, node
        if isinstance(node, Mapping):
            part = Part(self._reader, node, where, RAISED)
            place = part.get("alert") or node
            name = self._reader.choice(part.get("alert"), part.where("alert"), alerts)
            message = part.text("message") or None
        else:
            name = self._reader.choice(node, where, alerts)
        if not name:
            return None
        asked = alerts[name].events
        if asked and not set(asked) & set(self._events):
            expected = f"an event before it at which {name} is asked: {' or '.join(asked)}"
            self._never(place, where, expected, "none")
        return name, message

    def _offers(self) -> dict[str, Names]:
        """What is expected by placement."""
        found = {}
        where = self._part.where("offers")
        for name, key, node in self._part.named("offers"):
            if self._reader.choice(key, where, self._playbook.placements):
                found[name] = self._in(name, node, f"{where}.{name}")
        return found

    def _in(self, name: str, node: Node, where: str) -> Names:
        """What is expected in one placement."""
        book = self._playbook
        placement = book.placements[name]
        here = [o.id for o in book.offers.values() if any(p == placement.id for p, _ in o.places)]

        def read(member: Node, where: str) -> Wanted | None:
            one = self._one(member, where, book.offers)
            if one is None:
                return None
            elsewhere = self._placed.setdefault(one[0], placement.id)
            if one[0] not in here:
                expected = f"an offer that is served in {placement.id}: {', '.join(here) or 'none'}"
                self._never(member, where, expected, quote(one[0]))
            elif elsewhere != placement.id:
                expected = f"{one[0]} in one place, since it stands in one at most"
                self._never(member, where, expected, f"it in {elsewhere}, too")
            return one

        names = self._names(node, where, SOME_OFFERS, read) or Names(node.line)
        wanted = [name for name, _ in names.exact or names.includes]
        if len(wanted) > placement.offers:
            expected = f"at most {placement.offers} of them, as {placement.id} holds no more"
            self._never(node, where, expected, str(len(wanted)))
        for name in wanted:
            if len(wanted) > 1 and book.offers[name].fallback:
                expected = f"{name} alone, since it stands only where nothing else fits"
                self._never(node, where, expected, "others beside it")
        return names

    def _equal(self) -> tuple[Equal, ...]:
        found = []
        for source, key, node in self._part.values("profile"):
            where = f"{self._part.where('profile')}"
            value = self._reader.compiled_at(
                key,
                0,
                source,
                where,
                lambda text: self._reader.kept(compile_value(text, self._scope)),
            )
            if value is not None:
                expected = self._expected(node, f"{where}: {source}", value)
                found.append(Equal(key.line, source, value, expected))
        return tuple(found)

    def _expected(self, node: Node, where: str, value: Value) -> Any:
        """A JSON value that `value` can have; a problem for another."""
        found = json_value(node)
        number = isinstance(found, int | float) and not isinstance(found, bool)
        can = {
            BOOL: isinstance(found, bool),
            INT: number and found == int(found),
            DOUBLE: number,
            DURATION: number,
            STRING: isinstance(found, str),
        }
        if value.type == TIMESTAMP:
            moment = self._reader.moment(node, where, end=False)
            return None if moment is None else rfc3339(moment)
        if not can.get(value.type, not is_list(value.type) or isinstance(node, Sequence)):
            kind = f"{value.type} in seconds" if value.type == DURATION else value.type
            self._never(node, where, f"a value of type {kind}", show(node))
        return found
