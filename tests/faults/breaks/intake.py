"""What producers send: bad records, repeats, disorder, clocks that jump, one who sends most."""

import random
from collections import deque
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from typing import Any

import orjson

from flows.simulate.stream import BROKEN_KIND, DUPLICATE_KIND, Emission
from state.times import rfc3339
from tests.event_fixtures import INVALID
from tests.faults.breaks.fault import Fault, Stage
from tests.faults.breaks.soak import SMALL_CACHE
from tests.faults.stage.arena import Arena
from tests.faults.stage.fuzzer import Fuzzer
from tests.faults.stage.load import Change, Due, Sent

MINUTE_MS = 60_000
HOT = "c-hot"
PATIENCE_S = 15.0
"""How long a shard may be without a commit while another has most of the work."""


def calm(arena: Arena) -> None:
    """The input is the trouble; the rest is one kill in the middle of it."""
    arena.wait(arena.left_s() / 2)
    worker = arena.rng.choice(arena.crew.workers)
    arena.crew.kill(worker)
    arena.until(lambda: worker.died_at is None, "the worker is back at work")
    arena.wait(arena.left_s())


def bad_records(rng: random.Random, counts: dict[str, int]) -> Change:
    """One in twenty is a record that must be refused; one in twenty is a changed event."""
    today = datetime.now(UTC).strftime("%Y-%m-%d").encode()
    fuzzer = Fuzzer(rng)
    invalid = [(kept.channel, kept.value.replace(b"2026-01-15", today)) for kept in INVALID]

    def change(emissions: Iterator[Emission]) -> Iterable[Due]:
        for number, emission in enumerate(emissions):
            yield emission
            draw = rng.random()
            if draw < 0.05:
                channel, value = rng.choice(invalid)
                tombstone = rng.random() < 0.02
                sent = None if tombstone else value
                yield Sent(emission.due_ms, channel, emission.key, sent)
                counts["invalid records"] = counts.get("invalid records", 0) + 1
            elif draw < 0.1 and emission.kind != BROKEN_KIND:
                fuzzed = fuzzer.changed(emission.value, f"fuzzed-{number}")
                yield Sent(emission.due_ms, emission.channel, emission.key, fuzzed)
                counts["fuzzed records"] = counts.get("fuzzed records", 0) + 1

    return change


def fuzzed(rng: random.Random, counts: dict[str, int]) -> Change:
    """Each event is changed in a place or more. Most must be refused, and some may be taken."""
    fuzzer = Fuzzer(rng)

    def change(emissions: Iterator[Emission]) -> Iterable[Due]:
        for number, emission in enumerate(emissions):
            if emission.kind != BROKEN_KIND:
                value = fuzzer.changed(emission.value, f"fuzzed-{number}")
                yield Sent(emission.due_ms, emission.channel, emission.key, value)
                counts["fuzzed records"] = counts.get("fuzzed records", 0) + 1

    return change


def disorder(rng: random.Random, counts: dict[str, int]) -> Change:
    """One in ten comes again a little later; times are up to an hour off, in both directions; the
    producers' clock jumps by ten minutes now and then. What is too far ahead must be refused."""

    def change(emissions: Iterator[Emission]) -> Iterable[Due]:
        again: deque[Sent] = deque()
        clock_ms = 0
        for number, emission in enumerate(e for e in emissions if e.kind != DUPLICATE_KIND):
            if number % 500 == 499:
                clock_ms = rng.choice((-10, 0, 10)) * MINUTE_MS
                counts["clock steps"] = counts.get("clock steps", 0) + 1
            sent = _at_another_time(rng, emission, clock_ms)
            yield sent
            if rng.random() < 0.1:
                again.append(sent)
            while again and (len(again) > 20 or rng.random() < 0.1):
                counts["repeats sent"] = counts.get("repeats sent", 0) + 1
                yield again.popleft()._replace(due_ms=emission.due_ms)

    return change


def _at_another_time(rng: random.Random, emission: Emission, clock_ms: int) -> Sent:
    stamp_ms = emission.due_ms + clock_ms
    value = emission.value
    if emission.kind != BROKEN_KIND:
        off_ms = int(rng.triangular(-60, 60, -10) * MINUTE_MS) if rng.random() < 0.3 else 0
        value = _with(value, timestamp=rfc3339(stamp_ms + off_ms))
    return Sent(emission.due_ms, emission.channel, emission.key, value, stamp_ms)


def one_customer(rng: random.Random, counts: dict[str, int]) -> Change:
    """Every other event is of one and the same customer."""

    def change(emissions: Iterator[Emission]) -> Iterable[Due]:
        for emission in emissions:
            if emission.kind == DUPLICATE_KIND:
                continue  # it would come after more than 64 others of that customer
            if emission.kind != BROKEN_KIND and rng.random() < 0.5:
                counts["events of one"] = counts.get("events of one", 0) + 1
                value = _with(emission.value, userId=HOT)
                yield Sent(emission.due_ms, emission.channel, HOT, value)
            else:
                yield emission

    return change


def a_million(rng: random.Random, counts: dict[str, int]) -> Change:
    """Each event is of somebody else, until a million have come."""
    step = rng.randrange(1, 1_000_000, 2) | 1

    def change(emissions: Iterator[Emission]) -> Iterable[Due]:
        number = 0
        for emission in emissions:
            if emission.kind in (BROKEN_KIND, DUPLICATE_KIND):
                continue
            who = f"m-{number * step % 1_000_003:07d}"
            number += 1
            counts["customers"] = min(number, 1_000_003)
            yield Sent(emission.due_ms, emission.channel, who, _with(emission.value, userId=who))

    return change


def _with(value: bytes, **fields: Any) -> bytes:
    return orjson.dumps(orjson.loads(value) | fields)


def nobody_starves(arena: Arena) -> None:
    """While one shard has more than half of the work, every other one goes on committing."""
    while arena.going_on():
        took_s = arena.until(arena.all_commit(), "every shard has a new commit")
        arena.recoveries.append(took_s)
        if took_s > PATIENCE_S:
            arena.wrong.append(f"a shard had to wait {took_s:.1f} s for its turn")


ALL_REFUSED = {"TOUCHLINE_DEAD_LETTER_PERCENT": "100"}
"""Where nearly all is refused, which is meant, and nothing to stop for."""

FAULTS = [
    Fault(
        "bad-input",
        "5 % invalid records and 5 % fuzzed ones, and a kill",
        calm,
        full_s=120,
        quick_s=6,
        stage=Stage(change=bad_records, rate=1_000, backlog=900_000, flush_events=2_000),
        quick_stage=Stage(change=bad_records, backlog=10_000, flush_events=1_000),
    ),
    Fault(
        "fuzzed-input",
        "a million records and more from a fuzzer that knows their structure, and a kill",
        calm,
        full_s=600,
        stage=Stage(
            change=fuzzed,
            rate=500,
            backlog=1_000_000,
            flush_events=2_000,
            at_once=1,
            settings=ALL_REFUSED,
        ),
    ),
    Fault(
        "disorder",
        "10 % repeats, times up to 1 h off, producers' clocks that jump by 10 min, and a kill",
        calm,
        full_s=120,
        quick_s=6,
        stage=Stage(change=disorder, rate=500, backlog=50_000, settings=ALL_REFUSED),
        quick_stage=Stage(change=disorder, backlog=5_000, settings=ALL_REFUSED),
    ),
    Fault(
        "one-customer",
        "half of all events are of one customer",
        nobody_starves,
        full_s=240,
        stage=Stage(
            change=one_customer,
            rate=500,
            backlog=100_000,
            flush_events=1_000,
            flat=True,
            settings=SMALL_CACHE,
        ),
    ),
    Fault(
        "million-customers",
        "a million customers, and a kill",
        calm,
        full_s=420,
        stage=Stage(
            *(1, 16),
            change=a_million,
            rate=2_000,
            backlog=1_000_000,
            flush_events=2_000,
            at_once=1,
            flat=True,
            settings=SMALL_CACHE,
        ),
    ),
]
