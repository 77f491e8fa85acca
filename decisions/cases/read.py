"""The tests of a playbook as they are written → cases, or what is wrong with them.

What can never be so is a problem, too: a test that cannot pass says nothing of the playbook.
"""

import json
import re
from collections.abc import Iterator
from typing import Any, Final

from decisions.cases.case import Case, Expect
from decisions.cases.expectation import read_expect
from decisions.cases.times import STEP_MS, CaseClock
from decisions.format.case_keys import CASE, FIXED_NAMES, GIVEN
from decisions.format.part import Part
from decisions.language.errors import nearest
from decisions.nodes import json_value, quote, show
from decisions.offering.answers import EVENTS as ANSWERING
from decisions.playbook import Playbook
from decisions.reading import Reader
from state.fold.traits import identify
from state.profile import Profile
from state.repeats import LAST_RECEIVED_MS
from state.touchpoint import Touchpoint, identity

START_MS: Final = 1_767_225_600_000  # 2026-01-01T00:00:00Z
MAX_BYTES: Final = 32 * 1024
"""Of an event, and below: as topics take it."""
MAX_KEYS: Final = 256
CONTROL: Final = re.compile("[\x00-\x1f\x7f-\x9f]")
MAX_EVENTS: Final = 1_000
"""Of one case."""


def read_cases(reader: Reader, book: Part, playbook: Playbook) -> tuple[Case, ...]:
    """The cases of a whole playbook; problems are noted with `reader`."""
    cases: dict[str, Case] = {}
    for where, node in book.items("tests"):
        case = _Reading(reader, playbook, Part(reader, node, where, CASE)).case()
        if case.name in cases:
            expected = f"each name once (line {cases[case.name].line} has it)"
            reader.problem(node, f"{where}.name", expected, quote(case.name))
        cases[case.name] = case
    return tuple(cases.values())


class _Reading:
    """Reads one case from its top to its end."""

    def __init__(self, reader: Reader, playbook: Playbook, part: Part) -> None:
        self._reader = reader
        self._playbook = playbook
        self._part = part
        self._customer = part.text("customer") or "customer"
        start_ms = part.moment("start")
        self._clock = CaseClock(reader, START_MS if start_ms is None else start_ms)
        self._steps: list[Touchpoint | Expect] = []
        self._answers: dict[str, str] = {}
        self._names: set[str] = set()
        self._events = 0
        self._expects = 0

    def case(self) -> Case:
        """The case, as far as it could be read."""
        part = self._part
        name = part.text("name")
        if CONTROL.search(self._customer):
            place = part.get("customer") or part.node
            self._reader.problem(place, part.where("customer"), "no control characters", "one")
        traits = self._traits()
        for where, node in part.items("given"):
            given = Part(self._reader, node, where, GIVEN)
            if "expect" in given:
                self._expectation(given)
            elif "channel" in given:
                self._event(given)
        if "expect" in part:
            self._expect(part)
        if not self._expects:
            self._reader.problem(
                part.node, part.path, "an expect, without which nothing is tested", "none"
            )
        return Case(name, part.node.line, traits, self._answers, tuple(self._steps))

    def _traits(self) -> dict[str, Any]:
        declared = self._playbook.traits
        found = {}
        for name, key, node in self._part.values("traits"):
            where = f"{self._part.where('traits')}.{name}"
            if name not in declared:
                expected = f"one of {', '.join(declared)}" if declared else "none, none is declared"
                near = nearest(name, declared)
                self._reader.problem(key, f"unknown trait in {where}", expected, quote(name), near)
                continue
            kept = Profile()
            found[name] = json_value(node)
            identify(kept, {name: found[name]}, 0, declared)
            if name not in kept.traits or kept.trimmed:
                self._reader.problem(
                    node, where, f"a value that is kept as {declared[name]}", show(node)
                )
        return found

    def _expectation(self, given: Part) -> None:
        """An expect between events."""
        others = [key for key in GIVEN.names if key in given and key != "expect"]
        if others:
            what = f"{given.path}: an expect stands alone"
            self._reader.problem(given.node, what, "expect", ", ".join(others))
        self._expect(given)

    def _expect(self, part: Part) -> None:
        node, where = part.get("expect"), part.where("expect")
        if node is None:
            return
        self._expects += 1
        if not self._events:
            expected = "an event before it, since rules are asked at events"
            self._reader.problem(node, f"{where}, which can never match", expected, "none")
            return
        self._steps.append(
            read_expect(self._reader, node, where, self._playbook, self._names, self._clock)
        )

    def _event(self, given: Part) -> None:
        reader, where = self._reader, given.path
        channel = self._reader.choice(
            given.get("channel"), given.where("channel"), self._playbook.channels
        )
        kind = given.choice("type") or "track"
        name = self._name(given, kind)
        message_id = given.text("id")
        offer = self._answered(given, name)
        properties, traits = self._values(given, "properties"), self._values(given, "traits")
        said = {"event": name, "properties": properties, "traits": traits}
        if (size := len(json.dumps(said, ensure_ascii=False).encode())) > MAX_BYTES:
            expected = f"at most {MAX_BYTES:,} bytes, more is refused"
            reader.problem(given.node, where, expected, f"{size:,}")
        if (keys := len(set(_keys(said)))) > MAX_KEYS:
            expected = f"at most {MAX_KEYS} different keys, more are refused"
            reader.problem(given.node, where, expected, str(keys))
        at_ms = self._clock.event(given.get("at"), given.where("at"))
        times = given.whole("times") or 1
        if self._events + times > MAX_EVENTS:
            got = f"{self._events + times:,}"
            reader.problem(given.node, where, f"at most {MAX_EVENTS:,} events in a case", got)
            return
        for number in range(times):
            self._events += 1
            self._names.add(name)
            now_ms = at_ms + number * STEP_MS
            self._clock.pass_to(now_ms, event=True)
            event_id = message_id or f"(event {self._events})"
            if offer:
                self._answers[event_id] = offer
            self._steps.append(
                self._touchpoint(event_id, now_ms, channel, kind, name, properties, traits)
            )

    def _answered(self, given: Part, name: str) -> str:
        offer = given.name("offer", self._playbook.offers)
        if "offer" in given and name not in ANSWERING:
            place, expected = given.get("offer") or given.node, f"one of {', '.join(ANSWERING)}"
            self._reader.problem(place, f"{given.where('offer')}, of an event", expected, name)
        return offer

    def _name(self, given: Part, kind: str) -> str:
        name = given.text("event")
        fixed = FIXED_NAMES.get(kind)
        if fixed is None and "event" not in given:
            expected = "event, as the type is track"
            self._reader.problem(given.node, f"missing key in {given.path}", expected, "nothing")
        elif fixed is not None and name and name != fixed:
            place = given.get("event") or given.node
            expected = f"{fixed}, as the type is {kind}"
            self._reader.problem(place, given.where("event"), expected, quote(name))
        return fixed or name

    def _values(self, given: Part, name: str) -> dict[str, Any]:
        return {word: json_value(node) for word, _, node in given.values(name)}

    def _touchpoint(
        self,
        message_id: str,
        at_ms: int,
        channel: str,
        kind: str,
        name: str,
        properties: dict[str, Any],
        traits: dict[str, Any],
    ) -> Touchpoint:
        digest = identity(self._customer, message_id)
        return Touchpoint(
            id=digest.hex(),
            fingerprint=digest[:8],
            message_id=message_id,
            customer_id=self._customer,
            channel=channel,
            type=kind,
            name=name,
            at_ms=at_ms,
            received_ms=min(max(at_ms, 0), LAST_RECEIVED_MS),
            properties=properties,
            traits=traits,
            raw=b"{}",
        )


def _keys(value: Any) -> Iterator[str]:
    if isinstance(value, dict):
        for key, inner in value.items():
            yield key
            yield from _keys(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from _keys(inner)
