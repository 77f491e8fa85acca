"""What fold and decide take of an event, by playbook, in turn: in this process, without a flow."""

import gc
import itertools
import random
import statistics
import time
from collections.abc import Callable, Mapping, Sequence

from benchmarks.progress import Progress
from benchmarks.results import Asked
from benchmarks.rules.playbooks import RETAIL, with_alerts, with_segments, with_silence
from connectors.events.decode import decode
from decisions.decide import decide, time_of
from decisions.load import parse_playbook
from decisions.playbook import Playbook
from flows.simulate.stream import stream
from state.fold import fold
from state.profile import Profile
from state.touchpoint import Touchpoint

ALERTS = (20, 50, 100, 200, 500, 1_000)
SEGMENTS = (1, 12, 24, 48)
CUSTOMERS = 2_000
START_MS = 1_795_000_000_000
RATE = 500.0
TIMED: dict[str, Callable[[], str]] = {
    "retail": RETAIL.read_text,
    "retail and 30 days of silence": lambda: with_silence(30),
}
UNASKED = "{}, not asking when"
"""Name of the same playbook, of which it is not found out when time alone moves a customer."""


def events_of(count: int) -> list[Touchpoint]:
    """Simulated events as the flow decodes them, those that are none left out."""
    now_ms = START_MS + int(count / RATE * 1000) + 60_000
    simulated = itertools.islice(stream(3, CUSTOMERS, START_MS, RATE), count)
    found = [decode(event.value, event.channel, event.due_ms, now_ms) for event in simulated]
    return [event for event in found if isinstance(event, Touchpoint)]


def concerned(playbook: Playbook, events: Sequence[Touchpoint]) -> float:
    """How many alerts an event is asked of, the mean."""
    return sum(len(playbook.alerts_on.get(event.name, ())) for event in events) / len(events)


def in_turn(
    playbooks: Mapping[str, Playbook], events: Sequence[Touchpoint], rounds: int
) -> dict[str, list[float]]:
    """Name → µs of an event in each round. Each begins with customers whom nobody knows, after one
    round that is not counted; in another order each time, so that none has always the same before
    it."""
    order = list(playbooks)
    found: dict[str, list[float]] = {name: [] for name in order}
    dice = random.Random(1)
    gc.disable()
    try:
        for number in range(rounds + 1):
            dice.shuffle(order)
            for name in order:
                spent_us = _us_per_event(playbooks[name], events)
                if number:
                    found[name].append(round(spent_us, 3))
            gc.collect()
    finally:
        gc.enable()
    return found


def _us_per_event(playbook: Playbook, events: Sequence[Touchpoint]) -> float:
    profiles: dict[str, Profile] = {}
    traits, window = playbook.traits, playbook.limits.duplicates
    began = time.thread_time()
    for event in events:
        profile = profiles.get(event.customer_id)
        if profile is None:
            profile = profiles[event.customer_id] = Profile()
        if changed := fold(profile, event, traits, window):
            now_ms = time_of(event, profile, event.received_ms)
            decide(profile, event, changed, playbook, now_ms)
    return (time.thread_time() - began) * 1e6 / len(events)


def timeless(playbook: Playbook) -> Playbook:
    """`playbook`, which never asks when time alone moves a customer: then nobody is woken."""
    playbook.plain_moves, playbook.held_by_time, playbook.timed = {}, (), 0
    return playbook


def measure_asking(events: int, rounds: int, tell: Progress) -> list[Asked]:
    """By the number of alerts, by that of segments, and the retail example with and without asking
    when time alone moves a customer."""
    given = events_of(events)
    found = []
    for kind, counts, text in (
        ("alerts", ALERTS, with_alerts),
        ("segments", SEGMENTS, with_segments),
    ):
        tell.say(f"rules: {len(given):,} events by the number of {kind}")
        playbooks = {str(count): parse_playbook(text(count), kind) for count in counts}
        spent = in_turn(playbooks, given, rounds)
        for count in counts:
            asked = concerned(playbooks[str(count)], given) if kind == "alerts" else float(count)
            found.append(_asked(kind, count, asked, spent[str(count)], spent[str(counts[0])]))
    for name, read in TIMED.items():
        tell.say(f"rules: {name}, with and without time")
        without = UNASKED.format(name)
        timed = {
            without: timeless(parse_playbook(read(), name)),
            name: parse_playbook(read(), name),
        }
        spent = in_turn(timed, given, rounds)
        for kind, playbook in timed.items():
            rules = len(playbook.segments)
            found.append(_asked(kind, rules, 0.0, spent[kind], spent[without]))
    return found


def _asked(kind: str, rules: int, asked: float, us: list[float], least_us: list[float]) -> Asked:
    more = [mine - least for mine, least in zip(us, least_us, strict=True)]
    return Asked(
        kind=kind,
        rules=rules,
        concerned=round(asked, 3),
        us_per_event=round(statistics.median(us), 3),
        more_us=round(statistics.median(more), 3),
        rounds_us=us,
    )
