"""One customer's ways through the journeys, as the documentation has it: who starts, who goes on,
who leaves."""

from collections.abc import Collection, Iterator
from typing import NamedTuple

from tests.oracle.deeds import Deed, text_of
from tests.oracle.ninety_days.journeys import JOURNEYS, Do, Here, Program, Wait
from tests.oracle.ninety_days.past import Past
from tests.oracle.ninety_days.rules import asked
from tests.oracle.ninety_days.standing import Said


class Run:
    """One of them."""

    def __init__(self, name: str, key: str | None, armed_by: str, here: Here) -> None:
        self.name, self.key, self.armed_by = name, key, armed_by
        self.started_at = here.now_ms()
        self.step = ""
        self.wait: Wait | None = None
        self._program: Program = JOURNEYS[name].program(here)
        self._begun = False

    def go(self, came: bool) -> Iterator[str]:
        """On to where it waits next; the steps at which something is done."""
        self.wait = None
        while True:
            try:
                at = self._program.send(came) if self._begun else next(self._program)
            except StopIteration:
                return
            self._begun = True
            self.step = at.step
            if isinstance(at, Do):
                yield at.step
            elif isinstance(at, Wait):
                self.wait = at
                return


class Seen(NamedTuple):
    """What is known at an instant."""

    past: Past
    now_ms: int
    inside: Collection[str]


class Travels:
    """Of one customer."""

    def __init__(self, customer: str) -> None:
        self._seen = Seen(Past(()), 0, ())
        self._here = Here(lambda: self._seen.now_ms, lambda: self._seen.past, customer)
        self.runs: list[Run] = []
        self.met: set[str] = set()
        self.left: dict[tuple[str, str | None], int] = {}

    def due(self, seen: Seen) -> bool:
        """Whether time alone brings something about."""
        if self._met(seen) - self.met:
            return True
        return any(
            asked(JOURNEYS[run.name].exit, *seen) or self._over(run, seen, None) is not None
            for run in self.runs
        )

    def look(self, seen: Seen) -> None:
        """Nothing is due: notes what is true no more."""
        self.met = self._met(seen)

    def looks(self) -> Iterator[int]:
        """When to look, beside what events say."""
        for run in self.runs:
            if run.wait:
                yield run.wait.until_ms

    def decide(self, seen: Seen, deed: Deed | None) -> Iterator[Said]:
        """All that is done, and for whom."""
        self._seen = seen
        for run in [*self.runs]:
            journey = JOURNEYS[run.name]
            if asked(journey.exit, *seen) or (deed and journey.exit_event(deed, run.key)):
                yield self._end(run, "exit", deed)
            elif (came := self._over(run, seen, deed)) is not None:
                yield from self._go(run, came, deed)
        for name, journey in JOURNEYS.items():
            at = journey.event is not None and deed is not None and journey.event(deed)
            if at and asked(journey.when, *seen):
                yield from self._start(name, deed)
        before, self.met = self.met, self._met(seen)
        for name in JOURNEYS:
            if name in self.met - before:
                yield from self._start(name, deed)

    def _met(self, seen: Seen) -> set[str]:
        """The journeys that start by time whose condition is true."""
        return {n for n, j in JOURNEYS.items() if j.event is None and asked(j.when, *seen)}

    def _over(self, run: Run, seen: Seen, deed: Deed | None) -> bool | None:
        """Whether what a run waits for has come in time; None while it waits."""
        wait = run.wait
        assert wait is not None
        if wait.condition and asked(wait.condition, *seen):
            return True
        if seen.now_ms >= wait.until_ms:
            return False
        return True if wait.event and deed and wait.event(deed) else None

    def _start(self, name: str, deed: Deed | None) -> Iterator[Said]:
        journey, now_ms = JOURNEYS[name], self._seen.now_ms
        key = str(deed.properties[journey.key]) if journey.key and deed else None
        others = [run.key for run in self.runs if run.name == name]
        left_at = self.left.get((name, key))
        if len(others) >= journey.at_most or key in others or asked(journey.exit, *self._seen):
            return
        if left_at is not None and now_ms < left_at + journey.reentry_ms:
            return
        run = Run(name, key, deed.message_id if deed else "", self._here)
        self.runs.append(run)
        yield self._said("journey.started", run, deed, "")
        yield from self._go(run, False, deed)

    def _go(self, run: Run, came: bool, deed: Deed | None) -> Iterator[Said]:
        while True:
            for step in run.go(came):
                yield self._said("log", run, deed, step)
            wait = run.wait
            if wait is None:
                yield self._end(run, "finished", deed)
                return
            if not (wait.condition and asked(wait.condition, *self._seen)):
                return
            came = True

    def _end(self, run: Run, reason: str, deed: Deed | None) -> Said:
        self.runs.remove(run)
        self.left[run.name, run.key] = self._seen.now_ms
        said = f"{run.step} {reason} {text_of(run.started_at)}"
        return self._said("journey.ended", run, deed, said)

    def _said(self, kind: str, run: Run, deed: Deed | None, said: str) -> Said:
        cause = f"time:journey.{run.name}" + (f":{run.armed_by}" if run.armed_by else "")
        subject = run.name if run.key is None else f"{run.name} {run.key}"
        return Said(kind, subject, cause if deed is None else deed.message_id, said)
