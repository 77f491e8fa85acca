"""Programs in turn over the same bytes, round after round, so that the machine's moods hit all."""

import statistics
import time
from collections.abc import Callable, Iterable, Sequence
from contextlib import AbstractContextManager
from functools import partial
from pathlib import Path

from benchmarks.backlog import fill, simulated
from benchmarks.progress import Progress
from benchmarks.resident import resident
from benchmarks.results import Program, Ratio, Rounds, Run, Sample
from benchmarks.rig import Child, Rig, child, scrape, services, touchpoints, usages
from benchmarks.throughput import STALLED_S, stages_us, work_off
from benchmarks.usage import used_between

FLOW = "touchline"
SILENT = "touchline without metrics"
RULELESS = "touchline without rules"
BARE = "the bare loop"
BYTEWAX = "plain Bytewax"
NO_RULES = Path(__file__).with_name("no_rules.yaml")
LOOK_S = 0.02
LEAST = 0.95
"""Share of the events that any program must take: a few are repeats, or broken."""


def measure_rounds(
    names: Sequence[str], events: int, rounds: int, tell: Progress, beside: Path | None = None
) -> Rounds:
    """Each of `names` once a round, in this order, on fresh servers; the flow is the first.

    `beside` is another checkout, whose flow comes second.
    """
    runners = dict(PROGRAMS)
    if beside is not None:
        other = f"{FLOW} in {beside.resolve().name}"
        runners[other] = _flow(partial(touchpoints, root=beside.resolve()), has_metrics=True)
        names = [names[0], other, *names[1:]]
    tell.say(f"rounds: making {events:,} events")
    records = list(simulated(events))
    runs: dict[str, list[Run]] = {name: [] for name in names}
    for number in range(1, rounds + 1):
        for name in names:
            what = f"round {number} of {rounds}, {name}"
            with services() as rig:
                fill(rig, records, tell, what)
                runs[name].append(runners[name](rig, events, tell, what))
    programs = [Program(name, found) for name, found in runs.items()]
    found = ratios(programs)
    if RULELESS in runs:
        found += ratios(Program(name, runs[name]) for name in (RULELESS, BARE, BYTEWAX))
    return Rounds(events, programs, found)


def ratios(programs: Iterable[Program]) -> list[Ratio]:
    """The first program over each other one: throughput, and processor time per event."""
    first, *others = programs
    found: list[Ratio] = []
    for other in others:
        pairs = list(zip(first.runs, other.runs, strict=True))
        rates = [ours.events_per_s / theirs.events_per_s for ours, theirs in pairs]
        costs = [ours.cpu_us / theirs.cpu_us for ours, theirs in pairs]
        of = f"{first.name} / {other.name}"
        found += [_ratio(of, "throughput", rates), _ratio(of, "CPU per event", costs)]
    return found


def _ratio(of: str, what: str, quotients: list[float]) -> Ratio:
    middle, least, most = statistics.median(quotients), min(quotients), max(quotients)
    return Ratio(of, what, round(middle, 3), round(least, 3), round(most, 3))


def _flow(
    start: Callable[[Rig], AbstractContextManager[Child]], has_metrics: bool
) -> Callable[[Rig, int, Progress, str], Run]:
    """A run of the flow, until Redis says that every event is committed."""

    def run(rig: Rig, events: int, tell: Progress, what: str) -> Run:
        with start(rig) as flow, resident(flow.process.pid) as samples:
            worked = work_off(rig, flow, events, tell, what)
            python_s = worked.used_s[flow.process.name] - worked.librdkafka_s
            stages = stages_us(scrape(flow), python_s, events) if has_metrics else {}
        return _run(events, worked.seconds, worked.used_s, flow.process.name, stages, samples)

    return run


def _script(module: str) -> Callable[[Rig, int, Progress, str], Run]:
    """A run of a program that says itself when it is through with its input."""

    def run(rig: Rig, events: int, tell: Progress, what: str) -> Run:
        with child(rig, module, f"benchmarks.{module}") as script:
            tell.say(f"{what}: {events:,} events")
            before = usages(rig, script)
            with resident(script.process.pid) as samples:
                ended_at = _through(script, events)
                _check(script, events)
                used_s = used_between(before, usages(rig, script))
            return _run(events, ended_at - script.ready_at, used_s, module, {}, samples)

    return run


def _through(script: Child, events: int) -> float:
    """When it was. Each event may take a millisecond, and the whole a minute besides."""
    deadline = script.ready_at + STALLED_S + events / 1000
    while not script.more():
        script.check()
        if time.monotonic() > deadline:
            raise RuntimeError(
                f"{script.process.name} was not through with {events:,} events "
                f"{STALLED_S + events / 1000:.0f} s after it began"
            )
        time.sleep(LOOK_S)
    return time.monotonic()


def _check(script: Child, events: int) -> None:
    """A program that left events out would look fast."""
    (said,) = script.more()
    if (taken := said.get("events", events)) < LEAST * events:
        raise RuntimeError(f"{script.process.name} took {taken:,} of {events:,} events")


def _run(
    events: int,
    seconds: float,
    used_s: dict[str, float],
    name: str,
    stages: dict[str, float],
    samples: list[Sample],
) -> Run:
    each_us = {process: round(spent * 1e6 / events, 2) for process, spent in used_s.items()}
    rate = round(events / seconds, 1)
    return Run(rate, each_us[name], each_us["kafka"], each_us["redis"], stages, samples)


def silent(rig: Rig) -> AbstractContextManager[Child]:
    """The flow with metrics left out."""
    return child(rig, "silent", "benchmarks.metered_flow", "none")


def ruleless(rig: Rig) -> AbstractContextManager[Child]:
    """The flow with a playbook that says nothing."""
    settings = {**rig.settings, "TOUCHLINE_PLAYBOOK": str(NO_RULES)}
    return touchpoints(Rig(rig.kafka, rig.redis, rig.folder, settings))


PROGRAMS: dict[str, Callable[[Rig, int, Progress, str], Run]] = {
    FLOW: _flow(touchpoints, has_metrics=True),
    BARE: _script("bare_loop"),
    SILENT: _flow(silent, has_metrics=False),
    RULELESS: _flow(ruleless, has_metrics=True),
    BYTEWAX: _script("bytewax_peer"),
}
