"""A journey in words: how it begins, its steps inside one another, how it ends."""

from collections.abc import Iterator
from typing import Final

from decisions.document import Mapping, Node, Sequence
from decisions.explaining.actions import action, value
from decisions.explaining.asking import asked_at, by_time, read_by
from decisions.explaining.clauses import TOGETHER, Line, condition
from decisions.explaining.page import Part, part
from decisions.explaining.phrases import counted, listed, quoted, span, time_of_day
from decisions.explaining.relations import asked, specs
from decisions.journeys.moment import ENDED, STARTED
from decisions.journeys.table import Act, If, Journey, Over, Split, Step, Until, Wait, WaitUntil
from decisions.journeys.written.source import node_of
from decisions.language import Condition
from decisions.playbook import Playbook

DAYS: Final = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
IN_FLIGHT: Final = {
    "finish": "Runs of an earlier version go on as they began.",
    "move": "Runs of an earlier version go on at the step of the same id, others end.",
    "end": "Runs of an earlier version end.",
}


def parts(journey: Journey, playbook: Playbook) -> Iterator[Part]:
    """What is said of it."""
    yield part("when", "It begins", _begins(journey))
    yield part("runs", "How often", _runs(journey))
    yield part("exits", "It ends at once when", _exits(journey))
    _, node = node_of(journey.source)
    steps = next(value for key, value in _entries(node) if key == "steps")
    yield part("steps", "Step by step", _Steps(journey).all(steps))
    yield part("hours", "At what hours", _hours(journey))
    yield part("in_flight", "When it is changed", [IN_FLIGHT[journey.in_flight]])
    mask = 0 if journey.when is None else journey.when.reads
    heading = "When it is asked whether it begins"
    yield asked_at(journey.events, mask, by_time=not journey.events, heading=heading)
    waits = [step.when for step in journey.steps if isinstance(step, Until)]
    start = () if journey.events or journey.when is None else (journey.when,)
    yield by_time([*start, *journey.exits, *waits], playbook, _time(journey))
    yield read_by(asked(journey), playbook)
    yield part("publishes", "What it publishes", _published(journey))


def _begins(journey: Journey) -> Iterator[Line]:
    if journey.events:
        yield Line(f"at the event {listed([quoted(name) for name in journey.events], 'or')}")
    if journey.when is not None:
        word = "if then" if journey.events else "when this becomes true"
        yield Line(word, (condition(journey.when.source),))


def _exits(journey: Journey) -> Iterator[Line]:
    ends = tuple(condition(one.source) for one in journey.exits)
    if len(ends) > 1:
        yield Line(TOGETHER["||", True], ends)
    else:
        yield from ends


def _time(journey: Journey) -> Iterator[str]:
    if any(isinstance(step, Wait | WaitUntil | Until) for step in journey.steps):
        yield "when a step has waited long enough"
    if journey.quiet is not None:
        yield "when the quiet hours are over"


def _runs(journey: Journey) -> Iterator[Line]:
    if journey.key is None:
        yield Line("A customer is on it once at a time.")
    else:
        key = value(journey.key)
        yield Line(f"A customer is on it once at a time for each value of {key} (the key).")
        yield Line(f"With {counted(journey.at_most, 'different key')} at once, at most.")
    if journey.reentry_ms is None:
        yield Line("When it is over, never again.")
    elif journey.reentry_ms:
        yield Line(f"When it is over, not again for {span(journey.reentry_ms)}.")
    else:
        yield Line("When it is over, it may begin again at once.")


def _hours(journey: Journey) -> Iterator[Line]:
    if journey.quiet is not None:
        start, end = time_of_day(journey.quiet.start_ms), time_of_day(journey.quiet.end_ms)
        yield Line(f"From {start} to {end} no action is taken: it waits until then.")
    if journey.local_time is not None:
        zone, otherwise = journey.local_time.zone, journey.local_time.otherwise.key
        if zone is None:
            yield Line(f"Hours are those of {otherwise}.")
        else:
            yield Line(f"Hours are those of {value(zone)}; where that is not known, {otherwise}.")


def _published(journey: Journey) -> Iterator[Line]:
    yield Line(f"{STARTED} and {ENDED}, once each for every run")
    kinds = dict.fromkeys(spec.kind for spec in specs(journey))
    if kinds:
        yield Line(f"{listed(list(kinds))}, for others to carry out")


class _Steps:
    """Goes through the steps as they are written, with the table beside."""

    def __init__(self, journey: Journey) -> None:
        self._journey = journey
        self._number = 0

    def all(self, node: Node | None) -> tuple[Line, ...]:
        """A list of steps, and all that are inside them."""
        items = node.items if isinstance(node, Sequence) else []
        return tuple(self._step(item) for item in items)

    def _step(self, node: Node) -> Line:
        number = self._number
        self._number += 1
        step, name = self._journey.steps[number], self._journey.names[number]
        line = self._said(step, dict(_entries(node)))
        return Line(f"{number + 1}. {f'{name}: ' if name else ''}{line.text}", line.below)

    def _said(self, step: Step, written: dict[str, Node]) -> Line:
        match step:
            case Wait(ms=ms):
                return Line(f"wait {span(ms)}")
            case WaitUntil(time=time):
                days = [DAYS[day] for day in sorted(time.days)]
                on = f" on {listed(days, 'or')}" if len(days) < len(DAYS) else ""
                return Line(f"wait until it is {time_of_day(time.day_ms)}{on}")
            case Until(when=when, timeout_ms=timeout_ms):
                ways = self._ways(written, "when it holds:", "when it did not in time:")
                return _asks(f"wait, at most {span(timeout_ms)}, until", when, ways)
            case If(when=when):
                return _asks("look whether", when, self._ways(written, "if so:", "if not:"))
            case Split():
                return Line("by lot,", tuple(self._lots(step, written["split"])))
            case Act(spec=spec):
                return action(spec)
            case Over():
                return Line("the journey ends")

    def _ways(self, written: dict[str, Node], held: str, other: str) -> tuple[Line, ...]:
        words = (("then", held), ("else", other))
        return tuple(Line(word, self.all(written[key])) for key, word in words if key in written)

    def _lots(self, step: Split, node: Node) -> Iterator[Line]:
        ways = node.items if isinstance(node, Sequence) else []
        for number, way in enumerate(ways):
            share = step.below[number] - (step.below[number - 1] if number else 0)
            steps = self.all(dict(_entries(way)).get("steps"))
            nothing = "" if steps else " nothing (a control group)"
            yield Line(f"{share} of 100:{nothing}", steps)


def _asks(word: str, when: Condition, ways: tuple[Line, ...]) -> Line:
    """A step that asks a condition: on its line, or below it where it is put together."""
    asked = condition(when.source)
    if asked.below:
        return Line(word, (asked, *ways))
    return Line(f"{word} {asked.text}", ways)


def _entries(node: Node) -> list[tuple[str, Node]]:
    return [(key.text, value) for key, value in node.entries] if isinstance(node, Mapping) else []
