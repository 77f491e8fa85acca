"""Steps as they are written, inside one another → a flat table, or what is wrong with them."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import accumulate
from typing import Final

from decisions.actions.read import read_action
from decisions.actions.routes import Routes
from decisions.document import Mapping, Node, Scalar
from decisions.format.journey_keys import (
    DAYS,
    END,
    HEADS,
    IF,
    MAX_STEPS,
    SPLIT,
    STEP_ID,
    UNTIL,
    WAIT,
    WAIT_UNTIL,
    WAY,
)
from decisions.format.keys import Keys
from decisions.format.part import Part
from decisions.journeys import table
from decisions.journeys.clocks.local_time import TimeOfDay
from decisions.journeys.written.timely import must_be_timely
from decisions.language import Scope
from decisions.nodes import quote, show
from decisions.reading import Reader

KINDS: Final = ", ".join((*HEADS, "action", END))

Make = Callable[[int, Sequence[int]], table.Step]
"""(the step that follows, the first steps of its branches) → the step."""


@dataclass(slots=True)
class Written:
    """One step, and those inside it."""

    number: int
    branches: tuple[tuple["Written", ...], ...]
    make: Make
    ends: bool
    """Whether nothing that follows it is ever reached."""


class StepReader:
    """Reads the steps of one journey."""

    def __init__(self, reader: Reader, scope: Scope, events: Scope, routes: Routes) -> None:
        self.names: list[str] = []
        self._lines: dict[str, int] = {}
        """The line at which each id stands first."""
        self.local: list[tuple[Node, str]] = []
        """Steps that need to know where the customer is, and what errors call them."""
        self._reader = reader
        self._scope = scope
        self._events = events
        """The scope of what may look at events."""
        self._routes = routes

    def table(self, node: Node | None, where: str) -> tuple[table.Step, ...]:
        """All steps below `node`, in the order they are written."""
        steps: dict[int, table.Step] = {}
        _link(self._list(node, where), table.END, steps)
        return tuple(steps[number] for number in sorted(steps))

    def _list(self, node: Node | None, where: str) -> tuple[Written, ...]:
        found: list[Written] = []
        over = False
        for place, item in self._reader.items(node, where, 1, MAX_STEPS):
            if found and found[-1].ends and not over:
                over = True
                expected = "a step that can be reached: the one before always ends the journey"
                self._reader.problem(item, place, expected, "one that cannot")
            step = self._step(item, place)
            if step is not None:
                found.append(step)
        return tuple(found)

    def _step(self, node: Node, where: str) -> Written | None:
        if len(self.names) == MAX_STEPS:
            self._reader.problem(node, where, f"at most {MAX_STEPS} steps in a journey", "more")
        if isinstance(node, Scalar) and node.text == END:
            number = self._number("")
            return Written(number, (), lambda _, __: table.Over(), ends=True)
        if not isinstance(node, Mapping):
            expected = f"a step: {KINDS}"
            self._reader.problem(node, where, expected, show(node))
            return None
        written = [key.text for key, _ in node.entries]
        heads = [name for name in (*HEADS, "action") if name in written]
        if len(heads) != 1:
            got = ", ".join(heads) or (quote(written[0]) if written else "nothing")
            self._reader.problem(node, where, f"one of {KINDS}", got)
            return None
        if heads == ["action"]:
            return self._act(node, where)
        keys = HEADS[heads[0]]
        part = Part(self._reader, node, where, keys)
        return self._read(keys, part, self._number(self._id(part)))

    def _number(self, name: str) -> int:
        self.names.append(name)
        return len(self.names) - 1

    def _id(self, part: Part) -> str:
        name = part.new_id("id")
        place = part.get("id") or part.node
        if name and name in self._lines:
            expected = f"each id once in a journey (line {self._lines[name]} has it)"
            self._reader.problem(place, part.where("id"), expected, quote(name))
        self._lines.setdefault(name, place.line)
        return name

    def _read(self, keys: Keys, part: Part, number: int) -> Written | None:
        if keys is WAIT:
            return self._wait(part, number)
        if keys is WAIT_UNTIL:
            return self._wait_until(part, number)
        if keys is UNTIL:
            return self._until(part, number)
        if keys is IF:
            return self._if(part, number)
        assert keys is SPLIT, "the kinds of steps"
        return self._split(part, number)

    def _wait(self, part: Part, number: int) -> Written | None:
        ms = part.duration("wait")
        if ms is None:
            return None
        return Written(number, (), lambda then, _: table.Wait(ms, then), ends=False)

    def _if(self, part: Part, number: int) -> Written | None:
        when = part.condition("if", self._scope)
        branches = self._then_else(part)
        if when is None:
            return None
        return _two_ways(number, branches, lambda a, b: table.If(when, a, b))

    def _then_else(self, part: Part) -> tuple[tuple[Written, ...], ...]:
        return tuple(self._list(part.get(name), part.where(name)) for name in ("then", "else"))

    def _wait_until(self, part: Part, number: int) -> Written | None:
        self.local.append((part.node, part.where("wait_until")))
        day_ms = part.time_of_day("wait_until")
        days = [self._reader.choice(node, where, DAYS) for where, node in part.items("days")]
        if len(set(days)) < len(days):
            place = part.get("days") or part.node
            self._reader.problem(place, part.where("days"), "each day once", "one twice")
        if day_ms is None or "" in days:
            return None
        time = TimeOfDay(day_ms, frozenset(map(DAYS.index, days or DAYS)))
        return Written(number, (), lambda then, _: table.WaitUntil(time, then), ends=False)

    def _until(self, part: Part, number: int) -> Written | None:
        when = part.condition("until", self._events)
        must_be_timely(self._reader, part.get("until"), part.where("until"), when, self._events)
        timeout_ms = part.duration("timeout")
        branches = self._then_else(part)
        if when is None or timeout_ms is None:
            return None
        return _two_ways(number, branches, lambda a, b: table.Until(when, timeout_ms, a, b))

    def _split(self, part: Part, number: int) -> Written | None:
        ways = [Part(self._reader, node, where, WAY) for where, node in part.items("split")]
        shares = [way.whole("share") for way in ways]
        branches = tuple(self._list(way.get("steps"), way.where("steps")) for way in ways)
        known = [share for share in shares if share is not None]
        if len(known) < len(ways) or not ways:
            return None
        if sum(known) != 100:
            place, where = part.get("split") or part.node, part.where("split")
            self._reader.problem(place, where, "shares that are 100 together", str(sum(known)))
        below = tuple(accumulate(known))
        return Written(
            number,
            branches,
            lambda _, ways: table.Split(below, tuple(ways)),
            ends=all(map(_ends, branches)),
        )

    def _act(self, node: Mapping, where: str) -> Written | None:
        part = Part(self._reader, Mapping(node.line, node.column, _id_of(node)), where, _ID)
        number = self._number(self._id(part))
        spec = read_action(self._reader, node, where, self._scope, self._routes, (STEP_ID,))
        if spec is None:
            return None
        return Written(number, (), lambda then, _: table.Act(spec, then), ends=False)


_ID: Final = Keys((STEP_ID,))


def _id_of(node: Mapping) -> list[tuple[Scalar, Node]]:
    # The first one: that there are two is said by who reads the whole.
    return [(key, value) for key, value in node.entries if key.text == STEP_ID.name][:1]


def _two_ways(
    number: int,
    branches: tuple[tuple[Written, ...], ...],
    make: Callable[[int, int], table.Step],
) -> Written:
    ends = all(map(_ends, branches))
    return Written(number, branches, lambda _, first: make(first[0], first[1]), ends)


def _ends(steps: tuple[Written, ...]) -> bool:
    return bool(steps) and steps[-1].ends


def _link(steps: Sequence[Written], after: int, into: dict[int, table.Step]) -> int:
    """Puts steps, and those inside them, into the table; the number of the first, or `after`."""
    for index, step in enumerate(steps):
        follows = steps[index + 1].number if index + 1 < len(steps) else after
        firsts = [_link(branch, follows, into) for branch in step.branches]
        into[step.number] = step.make(follows, firsts)
    return steps[0].number if steps else after
