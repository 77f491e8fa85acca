"""A segment in words."""

from collections.abc import Iterator

from decisions.explaining.asking import asked_at, by_time, read_by
from decisions.explaining.clauses import Line, condition
from decisions.explaining.page import Part, part
from decisions.explaining.phrases import span
from decisions.explaining.relations import asked
from decisions.playbook import Playbook
from decisions.rules import Segment
from decisions.segments import ENTERED, EXITED
from state.sections import NOW


def parts(segment: Segment, playbook: Playbook) -> Iterator[Part]:
    """What is said of it."""
    yield part("when", "A customer is in it when", [condition(segment.when.source)])
    yield part("until", "It ends when", _ends(segment))
    timely = bool(segment.reads & NOW) or segment.dwell_ms > 0
    # That it reads the clock asks it when time may matter, and not at every event.
    yield asked_at((), segment.reads & ~NOW, by_time=timely)
    dwelt = f"when a customer has been in it for {span(segment.dwell_ms)}"
    yield by_time(asked(segment), playbook, [dwelt] if segment.dwell_ms else [])
    yield read_by(asked(segment), playbook)
    moved = f"{ENTERED} when a customer comes in, {EXITED} when they leave: each once."
    yield part("publishes", "What it publishes", [moved])


def _ends(segment: Segment) -> Iterator[Line]:
    if segment.until is not None:
        yield condition(segment.until.source)
        yield Line("Who fulfils neither stays where they are, who fulfils both is not in it.")
    if segment.dwell_ms:
        yield Line(f"Who comes in stays for {span(segment.dwell_ms)} at least.")
