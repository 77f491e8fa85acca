"""What choosing takes by itself: among many treatments, and over the events of the simulator."""

import gc
import time
from collections import defaultdict
from collections.abc import Callable
from itertools import islice
from pathlib import Path
from unittest.mock import patch

import numpy as np

from benchmarks.results import Choices
from connectors.events.decode import decode
from decisions import decide as deciding
from decisions.decide import decide
from decisions.learning.counter import Counter
from decisions.learning.table import CounterTable
from decisions.load import load_playbook, parse_playbook
from decisions.offering.choose import choose
from decisions.offering.serve import serve, standing
from decisions.playbook import Playbook
from decisions.world import World
from flows.simulate.stream import stream
from state.fold import fold
from state.profile import Profile
from state.touchpoint import Touchpoint

OFFERS = 50
CHANNELS = ("click", "email", "chat", "kiosk")
"""Each with a placement for one; every offer may stand in all of them."""
EVENTS, CUSTOMERS, SEED = 20_000, 300, 7
"""Of the simulator."""
NOW_MS = 1_800_000_000_000
TIMES, ROUNDS = 300, 9
RETAIL = Path(__file__).resolve().parents[2] / "playbooks" / "retail.yaml"
FEATURES = (
    "{policy: linear, features: {buyer: profile.orders.count > 0, new: profile.sessions.count < 3}}"
)


def measure_choices() -> Choices:
    """Processor µs: the least of several times, as whatever else the machine does comes on top."""
    gc.collect()
    gc.disable()  # as the flow does
    try:
        plain, drawn, linear = (_choice(learning) for learning in ("", "{}", FEATURES))
        passes = [_mix() for _ in range(3)]
    finally:
        gc.enable()
    share = passes[0][1]
    choice_us = min(us for us, _ in passes)
    return Choices(
        offers=OFFERS,
        treatments=OFFERS * len(CHANNELS),
        plain_us=plain,
        drawn_us=drawn,
        linear_us=linear,
        mix_choice_us=round(choice_us, 1),
        mix_share=round(share, 4),
        mix_event_us=round(choice_us * share, 2),
    )


def _choice(learning: str) -> float:
    """Of one customer who is served already and whom three caps count."""
    book = _playbook(learning)
    profile = Profile()
    event = decode(
        b'{"messageId":"m-1","type":"track","event":"Page Viewed","userId":"c-1",'
        b'"timestamp":"2027-01-15T08:00:00Z"}',
        *("click", NOW_MS, NOW_MS),
    )
    assert isinstance(event, Touchpoint), event
    world = _world(book)
    decide(profile, event, fold(profile, event, {}), book, NOW_MS, world)
    kept = standing(profile, event, book, NOW_MS + 1_000)
    return _us(lambda: choose(profile, event, book, NOW_MS + 1_000, kept, world))


def _playbook(learning: str) -> Playbook:
    listed = ", ".join(CHANNELS)
    placements = "".join(f"  at_{c}: {{channels: [{c}], offers: 1}}\n" for c in CHANNELS)
    places = ", ".join(f"at_{channel}" for channel in CHANNELS)
    offers = "".join(
        f"  o{n}: {{title: one, value: {10 + n / 10}, propensity: 0.{10 + n}, "
        f"channels: [{listed}], placements: [{places}], ttl: 7d}}\n"
        for n in range(OFFERS)
    )
    caps = (
        "contact: {caps: {a: {most: 3, within: 7d, per: channel}, b: {most: 9, within: 30d}, "
        "c: {most: 4, within: 30d, per: offer, of: shown}}}\n"
    )
    learned = f"learning: {learning}\n" if learning else ""
    head = f"channels: [{listed}]\nplacements:\n{placements}offers:\n"
    return parse_playbook(head + offers + caps + learned, "benchmark")


def _world(book: Playbook) -> World:
    """In which each arm was shown some."""
    if book.model is None or book.learning is None:
        return World()
    dice = np.random.default_rng(1)
    table = CounterTable(book.model.size, book.learning.half_life_ms)
    for row in book.model.rows.values():
        tries = float(dice.uniform(0, 500))
        table.put(row, Counter(tries, tries * float(dice.uniform(0, 0.2)), NOW_MS))
    return World(counters=table)


def _mix() -> tuple[float, float]:
    """Processor µs of a choice, and how many of them an event leads to."""
    book = load_playbook(RETAIL)
    world = _world(book)
    spent_ns = choices = events = 0

    def timed(*args: object, **more: object) -> object:
        nonlocal spent_ns, choices
        began_ns = time.thread_time_ns()
        try:
            return serve(*args, **more)  # type: ignore[arg-type] # whatever it is given
        finally:
            spent_ns += time.thread_time_ns() - began_ns
            choices += 1

    profiles: defaultdict[str, Profile] = defaultdict(Profile)
    with patch.object(deciding, "serve", timed):
        for sent in islice(stream(SEED, CUSTOMERS, NOW_MS, 200), EVENTS):
            event = decode(sent.value, sent.channel, sent.due_ms, sent.due_ms)
            if not isinstance(event, Touchpoint):
                continue
            events += 1
            profile = profiles[event.customer_id]
            if changed := fold(profile, event, book.traits):
                decide(profile, event, changed, book, sent.due_ms, world)
    return spent_ns / 1_000 / choices, choices / events


def _us(work: Callable[[], object]) -> float:
    took = []
    for _ in range(ROUNDS):
        began = time.thread_time()
        for _ in range(TIMES):
            work()
        took.append((time.thread_time() - began) * 1e6 / TIMES)
    return round(min(took), 1)
