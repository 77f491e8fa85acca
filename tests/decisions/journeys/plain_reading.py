"""Journeys read straight: nested steps, gone through over the whole history of one customer.

Slow and plain, and made of nothing that the machine is made of but the names of things: for each
run it says what would be done if nobody left, then cuts that where an exit holds first.

A place in a history is (time, number): what time alone brings comes before the events of the same
instant and has number -1 there; an event has its own, from 0 on.
"""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from state.touchpoint import identity

BERLIN = ZoneInfo("Europe/Berlin")
MINUTE_MS, HOUR_MS = 60_000, 3_600_000
DAYS = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"]
NEVER = (1 << 60, -1)

Place = tuple[int, int]
Event = tuple[int, str, str]
"""(when, name, key)."""
Said = tuple[Place, int, int, str, str]
"""(where, number of the run, number within it, key, what)."""


@dataclass
class Over(Exception):
    """The run has come to its end."""

    place: Place


class Reading:
    """One journey `definition` (as in YAML) over one history."""

    def __init__(
        self, definition: dict[str, Any], events: list[Event], until: int, customer: str
    ) -> None:
        self.definition = definition
        self.events = events
        self.until = until
        self.customer = customer
        self.numbers: dict[int, int] = {}
        self._number(definition["steps"])
        self.said: list[Said] = []
        self.runs = 0
        self.ends: list[tuple[str, Place, Place]] = []
        """(key, from, to) of each run."""

    def _number(self, steps: list[Any]) -> None:
        for step in steps:
            self.numbers[id(step)] = len(self.numbers) + 1
            if isinstance(step, dict):
                for inner in ("then", "else"):
                    self._number(step.get(inner, []))
                for way in step.get("split", []):
                    self._number(way.get("steps", []))

    def read(self) -> list[tuple[int, str, str]]:
        """(when, key, what) of all that is published until the history is over."""
        for place in self._starts():
            self._start(place)
        told = sorted(entry for entry in self.said if entry[0][0] <= self.until)
        return [(place[0], key, what) for place, _, _, key, what in told]

    def _starts(self) -> list[Place]:
        if "event" in self.definition:
            name = self.definition["event"]
            found = [(t, n) for n, (t, what, _) in enumerate(self.events) if what == name]
            when = self.definition.get("when")
            return [place for place in found if when is None or self.true(when, place, "")]
        # From not true to true, at each place at which anything can change.
        met, starts = False, []
        for place in self.places(self.definition["when"]):
            now = self.true(self.definition["when"], place, "")
            if now and not met:
                starts.append(place)
            met = now
        return starts

    def places(self, condition: str) -> list[Place]:
        """All places at which the answer can be another than before."""
        found = [(t, n) for n, (t, _, _) in enumerate(self.events)]
        if condition.startswith("now"):
            idle = idle_ms(condition)
            for n, (t, _, _) in enumerate(self.events):
                if n + 1 == len(self.events) or t + idle <= self.events[n + 1][0]:
                    found.append((t + idle, -1))
        return sorted(found)

    def true(self, condition: str, place: Place, key: str) -> bool:
        """The few conditions that tests use, looked up in the history."""
        seen = [e for n, e in enumerate(self.events) if (e[0], n) <= place]
        if condition.startswith("event"):
            _, name, about = seen[-1]
            named = f'"{name}"' in condition
            return place[1] >= 0 and named and ("key" not in condition or about == key)
        if condition.startswith("profile"):
            name, least = condition.split('"')[1], int(condition.rsplit(" ", 1)[1])
            return sum(1 for _, what, _ in seen if what == name) >= least
        return bool(seen) and place[0] - seen[-1][0] >= idle_ms(condition)

    def next_true(self, condition: str, after: Place, key: str) -> Place:
        """The first place later than `after` at which it is true."""
        for place in self.places(condition):
            if place > after and self.true(condition, place, key):
                return place
        return NEVER

    def _start(self, place: Place) -> None:
        definition = self.definition
        key = self.events[place[1]][2] if "key" in definition else ""
        going = [k for k, begin, to in self.ends if begin < place < to]
        left = [to for k, begin, to in self.ends if k == key and to <= place]
        if key in going or len(going) >= definition.get("at_most", 16):
            return
        reentry = definition.get("reentry", "always")
        if left and reentry == "once":
            return
        if left and reentry.endswith("h") and place[0] - max(left)[0] < hours_ms(reentry):
            return
        exits = definition.get("exit", [])
        if any(not e.startswith("event") and self.true(e, place, key) for e in exits):
            return
        out = min((self.next_true(e, place, key) for e in exits), default=NEVER)
        self.doing: list[tuple[Place, str]] = [(place, "journey.started")]
        try:
            to = self._go(definition["steps"], place, key)
        except Over as over:
            to = over.place
        done = [entry for entry in self.doing if entry[0] < out]
        done.append((out, "exit") if out <= to else (to, "finished"))
        self.runs += 1
        self.said += [(p, self.runs, n, key, what) for n, (p, what) in enumerate(done)]
        self.ends.append((key, place, min(out, to)))

    def _go(self, steps: list[Any], place: Place, key: str) -> Place:
        for step in steps:
            place = self._step(step, place, key)
        return place

    def _step(self, step: Any, place: Place, key: str) -> Place:
        if step == "end" or isinstance(step, End):
            raise Over(place)
        if "wait" in step:
            return (place[0] + hours_ms(step["wait"]), -1)
        if "wait_until" in step:
            return (clock(place[0], step["wait_until"], step.get("days", DAYS)), -1)
        if "until" in step:
            return self._until(step, place, key)
        if "if" in step:
            way = "then" if self.true(step["if"], place, key) else "else"
            return self._go(step.get(way, []), place, key)
        if "split" in step:
            about = [key] if "key" in self.definition else []
            name = step.get("id") or str(self.numbers[id(step)])
            lot = int.from_bytes(identity(self.customer, "split", "j", name, *about)) % 100
            for way in step["split"]:
                lot -= way["share"]
                if lot < 0:
                    return self._go(way.get("steps", []), place, key)
        if "quiet" in self.definition:
            over = loud(place[0], **self.definition["quiet"])
            place = place if over == place[0] else (over, -1)
        self.doing.append((place, step["message"]))
        return place

    def _until(self, step: dict[str, Any], place: Place, key: str) -> Place:
        condition, late = step["until"], (place[0] + hours_ms(step["timeout"]), -1)
        if not condition.startswith("event") and self.true(condition, place, key):
            return self._go(step.get("then", []), place, key)
        held = self.next_true(condition, place, key)
        if held <= late:
            return self._go(step.get("then", []), held, key)
        return self._go(step.get("else", []), late, key)


class End(str):
    """The word `end`, once for each place where it stands, so that it can be numbered."""

    __slots__ = ("__weakref__",)


def hours_ms(text: str) -> int:
    """Of 3h."""
    return int(text[:-1]) * HOUR_MS


def idle_ms(condition: str) -> int:
    """Of now - profile.last_at >= duration("3h")."""
    return hours_ms(condition.split('"')[1])


def shown(at_ms: int) -> datetime:
    """What clocks in Berlin show."""
    return (datetime(1970, 1, 1, tzinfo=UTC) + timedelta(milliseconds=at_ms)).astimezone(BERLIN)


def loud(at_ms: int, **hours: str) -> int:
    """The first instant from `at_ms` on at which clocks show none of the hours."""
    start, end = hours["from"], hours["to"]
    while True:
        now = shown(at_ms).strftime("%H:%M")
        if not (start <= now < end if start < end else (now >= start or now < end)):
            return at_ms
        at_ms = (at_ms // MINUTE_MS + 1) * MINUTE_MS


def clock(at_ms: int, time: str, days: list[str]) -> int:
    """The first minute after `at_ms` that begins with clocks at that time (not in a night in which
    they are changed)."""
    while True:
        at_ms = (at_ms // MINUTE_MS + 1) * MINUTE_MS
        now = shown(at_ms)
        if now.strftime("%H:%M") == time and DAYS[now.weekday()] in days:
            return at_ms
