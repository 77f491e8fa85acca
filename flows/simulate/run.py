"""The loop: each event at its time, whatever came before (open loop), and the answers between."""

import time
from collections import Counter
from collections.abc import Callable
from itertools import islice

from msgspec import Struct, field

from flows.simulate.sinks import Sink, Stopped
from flows.simulate.stream import BROKEN_KIND, DUPLICATE_KIND, FLAT_OUT_RATE, LATE_KIND, stream
from flows.simulate.website import Website

CHANNELS = ("click", "email", "chat", "kiosk")
TICK_S = 0.02
PATIENCE_S = 3.0
WEEK_MS = 7 * 24 * 60 * 60 * 1000


class Order(Struct, frozen=True):
    """What is to be simulated."""

    seed: int
    customers: int
    start_ms: int
    """When the first event happens; see `start_of`."""
    rate: float
    """Events per second; 0 = as fast as possible."""
    count: int | None
    """Events, answers not counted; None = endless."""
    seconds: float | None
    """How long; None = endless."""


class Tally(Struct):
    """What was sent so far, by channel, by kind, and which answers."""

    events: Counter[str] = field(default_factory=Counter)
    kinds: Counter[str] = field(default_factory=Counter)
    answers: Counter[str] = field(default_factory=Counter)

    def sent(self) -> int:
        """Records handed to the sink."""
        return self.events.total() + self.answers.total()


class Summary(Struct, frozen=True):
    """The closing line."""

    events: dict[str, int]
    """By channel, answers not counted."""
    duplicates: int
    late: int
    broken: int
    answers: dict[str, int]
    """By event name."""
    delivered: int
    """Events and answers that the brokers acknowledged, or that are in the file."""
    failed: int
    seconds: float


def start_of(now_ms: int, rate: float, count: int | None) -> int:
    """When a run begins that is ordered now: now, or, as fast as possible, so that it ends now.

    Endless and as fast as possible: a week ago. No event may come from the future.
    """
    if rate:
        return now_ms
    return now_ms - (WEEK_MS if count is None else count * 1_000 // FLAT_OUT_RATE)


def run(
    order: Order,
    sink: Sink,
    website: Website | None,
    stopped: Stopped,
    progress: Callable[[Tally, float], None],
) -> Summary:
    """Send until `order` is done or `stopped` says so, and deliver what was sent.

    `progress` is called about once a second with the seconds since the start. Answers still
    planned at the end are not sent. Raises what the sink raises.
    """
    tally = Tally()
    emissions = stream(order.seed, order.customers, order.start_ms, order.rate)
    begin = report = time.monotonic()
    end = begin + order.seconds if order.seconds is not None else float("inf")
    tick = 0.0

    def between(now: float) -> None:
        nonlocal tick, report
        tick = now + TICK_S
        sink.serve()
        if website is not None:
            for answer in website.due(order.start_ms + int((now - begin) * 1_000)):
                tally.answers[answer.name] += 1
                sink.send("click", answer.key, answer.value, end)
        if now >= report + 1:
            report = now
            progress(tally, now - begin)

    for emission in islice(emissions, order.count):
        now = time.monotonic()
        due = begin + (emission.due_ms - order.start_ms) / 1_000 if order.rate else now
        while True:
            if now >= tick:
                between(now)
            if now >= min(due, end) or stopped():
                break
            time.sleep(min(due, end, tick) - now)
            now = time.monotonic()
        if now >= end or stopped():
            break
        sink.send(emission.channel, emission.key, emission.value, end)
        tally.events[emission.channel] += 1
        tally.kinds[emission.kind] += 1
        if emission.view and website is not None:
            website.viewed(emission.key, emission.due_ms)
    # Who has asked for an end by time does not want to wait for a Kafka that has gone.
    sink.close(PATIENCE_S if order.seconds is not None else float("inf"))
    return _summary(tally, sink.failed(), time.monotonic() - begin)


def _summary(tally: Tally, failed: int, seconds: float) -> Summary:
    return Summary(
        events={name: tally.events[name] for name in CHANNELS},
        duplicates=tally.kinds[DUPLICATE_KIND],
        late=tally.kinds[LATE_KIND],
        broken=tally.kinds[BROKEN_KIND],
        answers=dict(sorted(tally.answers.items())),
        delivered=tally.sent() - failed,
        failed=failed,
        seconds=round(seconds, 3),
    )
