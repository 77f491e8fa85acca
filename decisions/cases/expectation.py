"""What a test expects as it is written → an Expect, or what is wrong with it."""

from collections.abc import Callable, Collection
from typing import Any

from decisions.actions.kinds import KINDS
from decisions.cases.case import Equal, Expect, Holds, Names, Wanted
from decisions.cases.happening import NEVER, Happening
from decisions.cases.times import CaseClock
from decisions.document import Mapping, Node, Sequence
from decisions.format.case_keys import (
    ACTIONS,
    EXPECT,
    HAPPENING,
    IN,
    MAX_STEPS,
    SOME_ACTIONS,
    SOME_ALERTS,
    SOME_JOURNEYS,
    SOME_OFFERS,
)
from decisions.format.keys import Keys
from decisions.format.part import Part
from decisions.language import Scope, Value, compile_value
from decisions.language.kinds import BOOL, DOUBLE, DURATION, INT, STRING, TIMESTAMP, is_list
from decisions.nodes import json_value, members_of, quote, show
from decisions.playbook import Playbook
from decisions.reading import Reader, source_of
from state.times import rfc3339

ReadOne = Callable[[Node, str], Wanted | None]


def read_expect(
    reader: Reader,
    node: Node,
    where: str,
    playbook: Playbook,
    events: Collection[str],
    clock: CaseClock,
) -> Expect:
    """The expectation at `node`; `events` are the names of the events before it, and `clock` goes
    on to its time, where it has one."""
    return _Reading(reader, node, where, playbook, events, clock).expect()


class _Reading:
    def __init__(
        self,
        reader: Reader,
        node: Node,
        where: str,
        playbook: Playbook,
        events: Collection[str],
        clock: CaseClock,
    ) -> None:
        self._reader = reader
        self._part = Part(reader, node, where, EXPECT)
        self._playbook = playbook
        self._happening = Happening(reader, playbook, events, clock)
        self._clock = clock
        self._placed: dict[str, str] = {}
        self._scope = Scope(
            traits=playbook.traits, segments=playbook.segments, event=False, context=False
        )

    def expect(self) -> Expect:
        """All of it."""
        part = self._part
        at_ms = self._at()
        conditions = part.conditions("that", self._scope)
        segments = part.get("segments")
        done = {name: self._done(name) for name in HAPPENING if name in part}
        return Expect(
            line=part.node.line,
            at_ms=at_ms,
            segments=self._names(segments, part.where("segments"), IN, self._segment),
            offers=self._offers(),
            journeys=self._names(
                part.get("journeys"),
                part.where("journeys"),
                SOME_JOURNEYS,
                self._happening.journey,
                repeats=True,
            ),
            done={name: names for name, names in done.items() if names},
            equal=self._equal(),
            true=tuple(Holds(node.line, source_of(holds), holds) for node, holds in conditions),
        )

    def _at(self) -> int | None:
        node = self._part.get("at")
        if node is None:
            return None
        at_ms = self._clock.expectation(node, self._part.where("at"))
        self._clock.pass_to(at_ms, event=False)
        return at_ms

    def _done(self, name: str) -> Names | None:
        read = self._happening.reader(name)
        some = SOME_ACTIONS if name == ACTIONS else SOME_ALERTS
        return self._names(self._part.get(name), self._part.where(name), some, read, repeats=True)

    def _never(self, node: Node, where: str, expected: str, got: str) -> None:
        self._reader.problem(node, f"{where}, {NEVER}", expected, got)

    def _names(
        self,
        node: Node | None,
        where: str,
        some: Keys,
        read: ReadOne,
        *,
        repeats: bool = False,
    ) -> Names | None:
        if node is None:
            return None
        if not isinstance(node, Mapping):
            return Names(node.line, exact=self._each(node, where, read, least=0, repeats=repeats))
        part = Part(self._reader, node, where, some)
        inside, outside = some.names
        includes = self._each(part.get(inside), part.where(inside), read, repeats=repeats)
        excludes = self._each(part.get(outside), part.where(outside), self._excluded(some))
        for name in {one.name for one in includes} & {one.name for one in excludes}:
            expected = f"{name} in one of {inside} and {outside}"
            self._never(part.get(outside) or node, where, expected, "it in both")
        return Names(node.line, None, includes, tuple(one.name for one in excludes))

    def _excluded(self, some: Keys) -> ReadOne:
        """How a name is read that must not be there."""
        book = self._playbook
        declared: Collection[str] = book.alerts
        if some is IN:
            declared = book.segments
        elif some is SOME_OFFERS:
            declared = book.offers
        elif some is SOME_JOURNEYS:
            declared = book.journeys
        elif some is SOME_ACTIONS:
            declared = KINDS
        return lambda node, where: self._one(node, where, declared)

    def _each(
        self,
        node: Node | None,
        where: str,
        read: ReadOne,
        *,
        least: int = 1,
        repeats: bool = False,
    ) -> tuple[Wanted, ...]:
        if node is None:
            return ()
        found: list[Wanted] = []
        members = members_of(node)
        if not least <= len(members) <= MAX_STEPS:
            self._reader.problem(node, where, f"{least} to {MAX_STEPS} entries", str(len(members)))
        for member in members:
            one = read(member, where)
            if one is not None and one in found and not repeats:
                self._reader.problem(member, where, "each once", quote(one.name))
            elif one is not None:
                found.append(one)
        return tuple(found)

    def _one(self, node: Node, where: str, declared: Collection[str]) -> Wanted | None:
        name = self._reader.choice(node, where, declared)
        return Wanted(name) if name else None

    def _segment(self, node: Node, where: str) -> Wanted | None:
        return self._one(node, where, self._playbook.segments)

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
            elsewhere = self._placed.setdefault(one.name, placement.id)
            if one.name not in here:
                expected = f"an offer that is served in {placement.id}: {', '.join(here) or 'none'}"
                self._never(member, where, expected, quote(one.name))
            elif elsewhere != placement.id:
                expected = f"{one.name} in one place, since it stands in one at most"
                self._never(member, where, expected, f"it in {elsewhere}, too")
            return one

        names = self._names(node, where, SOME_OFFERS, read) or Names(node.line)
        wanted = [one.name for one in names.all]
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
