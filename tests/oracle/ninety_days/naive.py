"""The naive oracle: one customer, the whole list of events, and every instant at which something
might change.

It knows no due times. Between two events it looks at every instant that lies a duration of the
playbook after an event and a millisecond later, where a bucket ends, at each midnight and at each
date; and where something is other at one of them than at the one before, it looks for the first
millisecond of it by bisection: what fades ends anywhere.
"""

from bisect import bisect_right
from collections.abc import Iterator
from math import ceil
from typing import NamedTuple

from tests.oracle.deeds import Deed, text_of
from tests.oracle.memory import DAY_MS
from tests.oracle.ninety_days.alarms import SPANS as ALARM_SPANS
from tests.oracle.ninety_days.crowd import BEGIN, OVER
from tests.oracle.ninety_days.journeys import SPANS as JOURNEY_SPANS
from tests.oracle.ninety_days.past import Known, Past, unit_of
from tests.oracle.ninety_days.rules import (
    BOOK,
    DATES,
    SPANS,
    STANDS,
    WINDOWS,
    eligible,
    members,
)
from tests.oracle.ninety_days.standing import Alarms
from tests.oracle.ninety_days.travels import Seen, Travels
from tests.oracle.offers import Step, follow


class Act(NamedTuple):
    """Something that was done."""

    now_ms: int
    kind: str
    subject: str
    cause: str
    said: str


class Naive:
    """One customer."""

    def __init__(self, customer: str) -> None:
        self.travels = Travels(customer)
        self.known: list[Known] = []
        self.past = Past(())
        self.now_ms = 0
        self.held: dict[str, int] = {}
        self.alarms = Alarms()
        self._steps: list[Step] = []
        self.acts: list[Act] = []
        self._looks = sorted({*range(BEGIN, OVER, DAY_MS), *DATES})

    def take(self, deed: Deed, received_ms: int, reached_ms: int) -> None:
        """The next event; until `reached_ms` time has passed before it."""
        self.rest(reached_ms)
        self.now_ms = max(self.now_ms, received_ms)
        self.known.append(Known(deed, self.now_ms, min(deed.at_ms, self.now_ms)))
        self.past = Past(self.known)
        self._look(self._after(self.known[-1]))
        self._decide(deed)

    def rest(self, until_ms: int) -> None:
        """Time passes, and no event comes."""
        if not self.known or until_ms <= self.now_ms:
            return
        place = bisect_right(self._looks, self.now_ms)
        while self.now_ms < until_ms:
            look = min(self._looks[place], until_ms) if place < len(self._looks) else until_ms
            if not self._changes(look):
                if look == until_ms:
                    return
                self._quiet_ms = look
                self.alarms.look(self.past, look, self.held)
                self.travels.look(Seen(self.past, look, self.held))
                place += 1
                continue
            self.now_ms = self._first(max(self.now_ms, self._quiet_ms), look)
            self._decide(None)
            place = bisect_right(self._looks, self.now_ms)

    _quiet_ms = 0
    """Up to here nothing happens after `now_ms`."""

    def _first(self, before: int, after: int) -> int:
        """The first instant at which something changes, of those after `before`, where nothing
        does, and up to `after`, where something does."""
        while after - before > 1:
            middle = (before + after) // 2
            if self._changes(middle):
                after = middle
            else:
                before = middle
        return after

    def _changes(self, now_ms: int) -> bool:
        inside = members(self.past, now_ms, self.held)
        return (
            inside != self.held.keys()
            or self.alarms.due(self.past, now_ms, inside)
            or self.travels.due(Seen(self.past, now_ms, inside))
        )

    def _decide(self, deed: Deed | None) -> None:
        now_ms = self.now_ms
        inside = members(self.past, now_ms, self.held)
        if deed is not None or inside != self.held.keys():
            message_id = deed.message_id if deed is not None else ""
            self._steps.append(Step(now_ms, message_id, BOOK, eligible(inside)))
        for name in inside - self.held.keys():
            self.held[name] = now_ms
            self._did("segment.entered", name, deed, text_of(now_ms))
            self._look(now_ms + stands for stands in STANDS)
        for name in self.held.keys() - inside:
            self._did("segment.exited", name, deed, text_of(self.held.pop(name)))
        for said in self.alarms.decide(self.past, now_ms, inside, deed):
            self.acts.append(Act(now_ms, *said))
        for said in self.travels.decide(Seen(self.past, now_ms, inside), deed):
            self.acts.append(Act(now_ms, *said))
        self._look(self.alarms.looks(now_ms))
        self._look(self.travels.looks())

    def offers(self) -> Iterator[Act]:
        """What was decided of offers, and what is served at last."""
        course = follow(self._steps, {})
        for held in course.decided:
            said = f"{held.placement} {held.channel} {text_of(held.expires_at)}"
            yield Act(held.decided_at, "offer.decided", held.offer, held.caused_by, said)
        if course.served:
            names = " ".join(held.offer for held in course.served.offers)
            until = text_of(course.served.expires_at)
            yield Act(course.served.as_of, "served", names, "", until)

    def _did(self, kind: str, subject: str, deed: Deed | None, said: str) -> None:
        cause = f"time:segment.{subject}" if deed is None else deed.message_id
        self.acts.append(Act(self.now_ms, kind, subject, cause, said))

    def _look(self, instants: Iterator[int]) -> None:
        """Look there, too, and right after it: what ends, and what is true for a millisecond."""
        found = {at_ms + more for at_ms in instants for more in (0, 1)}
        found.update(self._looks)
        self._looks = sorted(at_ms for at_ms in found if at_ms > self.now_ms)

    def _after(self, known: Known) -> Iterator[int]:
        for at_ms in {known.deed.at_ms, known.counted_ms}:
            yield at_ms
            yield from (at_ms + span for span in {*SPANS, *ALARM_SPANS, *JOURNEY_SPANS})
            for window in WINDOWS:
                unit = unit_of(window)
                yield (at_ms // unit + ceil(window / unit) + 1) * unit
