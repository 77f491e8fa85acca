"""How a run of `up` is told: lines for people, or one JSON object a line for programs.

The live screen of a terminal is in `flows.local.screen`.
"""

from collections.abc import Callable
from typing import Protocol

import msgspec

from flows.local.next_steps import next_commands
from flows.local.numbers import Numbers
from flows.local.outcome import Summary
from flows.local.stack import Ready

Print = Callable[[str], None]
Troubles = tuple[set[str], dict[str, str], bool]
"""What is told at once when it changes: who is silent, who waits for what, whether events miss."""

DEMO_BROKER = (
    "Kafka and Redis are embedded, for a demonstration: both live in memory and begin anew each"
    " time"
)
STARTING = f"{DEMO_BROKER}; only the warehouse goes on. Starting the flows ..."
JSON_EVERY_S = 1.0
PLAIN_EVERY_S = 5.0


class Report(Protocol):
    """Is told what happens, in this order: starting, ready, numbers again and again, stopping,
    closing. Any of them may be the last when something fails."""

    def starting(self) -> None:
        """Broker and Redis run, the flows are being started."""

    def ready(self, ready: Ready) -> None:
        """Everything runs."""

    def numbers(self, numbers: Numbers, answers: dict[str, int]) -> None:
        """A new look, once a second or more often."""

    def stopping(self) -> None:
        """Asked to stop, perhaps before anything was ready; only the closing words follow."""

    def closing(self, summary: Summary) -> None:
        """Everything has ended."""


class JsonReport:
    """First what was started, then `{"numbers": ...}` once a second, last `{"summary": ...}`."""

    def __init__(self, out: Print, aside: Print) -> None:
        self._out = out
        self._aside = aside
        """For people: not stdout."""
        self._due_s = 0.0

    def starting(self) -> None:
        """What to expect of the embedded services."""
        self._aside(STARTING)

    def ready(self, ready: Ready) -> None:
        """The first line: addresses and folders."""
        self._out(msgspec.json.encode(ready).decode())

    def numbers(self, numbers: Numbers, answers: dict[str, int]) -> None:
        """A line a second."""
        if numbers.seconds >= self._due_s:
            self._due_s = numbers.seconds + JSON_EVERY_S - 0.1
            shown = {**msgspec.to_builtins(numbers), "answers": answers}
            self._out(msgspec.json.encode({"numbers": shown}).decode())

    def stopping(self) -> None:
        """Nothing a program would read."""

    def closing(self, summary: Summary) -> None:
        """The last line; what is wrong goes aside as well, for people."""
        for trouble in summary.troubles:
            self._aside(trouble)
        self._out(msgspec.json.encode({"summary": summary}).decode())


class PlainReport:
    """A line every 5 s, and when a trouble begins, changes or ends; for a log or a pipe.

    `customer` finds the id of somebody who has an offer, for the commands to try next.
    """

    def __init__(self, out: Print, program: str, customer: Callable[[Ready], str | None]) -> None:
        self._out = out
        self._program = program
        self._customer = customer
        self._due_s = 0.0
        self._troubles: Troubles = (set(), {}, False)
        self._told_next = False

    def starting(self) -> None:
        """What to expect of the embedded services."""
        self._out(STARTING)

    def ready(self, ready: Ready) -> None:
        """Where everything is."""
        self._ready = ready
        for line in addresses(ready):
            self._out(line)

    def numbers(self, numbers: Numbers, answers: dict[str, int]) -> None:
        """A line when it is time for one; once, what to try next."""
        troubles = (set(numbers.silent), numbers.waiting, numbers.no_events_s > 0)
        if numbers.seconds >= self._due_s or self._troubles != troubles:
            self._due_s = numbers.seconds + PLAIN_EVERY_S - 0.1
            self._troubles = troubles
            self._out(line_of(numbers))
        # With the first offer there is somebody to look at; without one it is told all the same.
        if not self._told_next and (numbers.offers or numbers.seconds >= PLAIN_EVERY_S):
            self._told_next = True
            self._out("Try next, in another terminal:")
            for command in next_commands(self._ready, self._program, self._customer(self._ready)):
                self._out(f"  {command}")

    def stopping(self) -> None:
        """Says so: it may take seconds."""
        self._out("stopping ...")

    def closing(self, summary: Summary) -> None:
        """The summary, a line a subject."""
        for line in words_of(summary):
            self._out(line)


class ServersReport:
    """Where Kafka and Redis are, as lines to copy into the terminal that a flow is to run in."""

    def __init__(self, out: Print, commands: Callable[[Ready], list[str]]) -> None:
        self._out = out
        self._commands = commands

    def ready(self, ready: Ready) -> None:
        """The lines to copy."""
        self._out(f"{DEMO_BROKER}. No flow runs; to run one, in another terminal:")
        for command in self._commands(ready):
            self._out(f"  {command}")

    def stopping(self) -> None:
        """Says so."""
        self._out("stopping ...")


def addresses(ready: Ready) -> list[str]:
    """What was started, a line each."""
    return [
        f"Kafka         {ready.bootstrap_servers}",
        f"Redis         {ready.redis_url}",
        *(f"{flow:<14}{url}" for flow, url in ready.metrics_urls.items()),
        *([f"asked at      {ready.decide_url}"] if ready.decide_url else []),
        f"tables in     {ready.warehouse_path}",
    ]


def line_of(numbers: Numbers) -> str:
    """One look in one line."""
    channels = ", ".join(f"{name} {rate:.0f}" for name, rate in numbers.channels_per_s.items())
    return (
        f"{numbers.seconds:6.0f} s  {numbers.events_per_s:.0f} events/s ({channels})"
        f"  to offer {latency_of(numbers.latency_p50_ms, numbers.latency_p99_ms)}"
        f"  offers {numbers.offers:,}  alerts {numbers.alerts:,}"
        f"  dead letters {numbers.dead_letters:,}  lag {numbers.lag_events:,}"
        f"  warehouse rows {numbers.warehouse_rows:,}"
        + "".join(f"  {trouble}" for trouble in troubles_of(numbers))
    )


def troubles_of(numbers: Numbers) -> list[str]:
    """What is not as it should be: flows that are silent or wait for something, a simulator that
    sends nothing, shards that nobody works on."""
    troubles = [f"{flow} has not answered for {s:.0f} s" for flow, s in numbers.silent.items()]
    troubles += [f"{flow} is not ready: {reason}" for flow, reason in numbers.waiting.items()]
    if numbers.no_events_s:
        troubles.append(f"no events for {numbers.no_events_s:.0f} s")
    owned = numbers.shards_owned
    if owned is not None and owned < numbers.shards:
        troubles.append(
            f"{owned} of {numbers.shards} shards owned, {numbers.shards_waiting} waiting"
        )
    return troubles


def words_of(summary: Summary) -> list[str]:
    """The closing words."""
    first = summary.first_offer_s
    offer = "no offer" if first is None else f"first offer {first} s"
    lines = {
        "ran": f"{summary.seconds} s; after the start: ready {summary.ready_s} s, {offer}",
        "events": f"{summary.events:,} ({summary.events_per_s:,}/s)",
        "to offer": latency_of(summary.latency_p50_ms, summary.latency_p99_ms),
        "offers": f"{summary.offers:,}",
        "alerts": f"{summary.alerts:,}",
        "dead letters": f"{summary.dead_letters:,}",
        "answers": answers_of(summary.answers),
        "warehouse": (
            f"{summary.warehouse_rows:,} rows of events and decisions,"
            f" {summary.warehouse_total_rows:,} with earlier runs'"
        ),
    }
    told = [f"{name:<14}{value}" for name, value in lines.items() if value]
    return told + [f"{'trouble':<14}{trouble}" for trouble in summary.troubles]


def latency_of(p50_ms: float | None, p99_ms: float | None) -> str:
    """Both percentiles, or that there are none."""
    if p50_ms is None or p99_ms is None:
        return "-"
    return f"p50 {p50_ms:.1f} ms, p99 {p99_ms:.1f} ms"


def answers_of(answers: dict[str, int]) -> str:
    """`shown 467, clicked 99`; empty when there are none."""
    told = ((name.removeprefix("Offer ").lower(), count) for name, count in answers.items())
    return ", ".join(f"{name} {count:,}" for name, count in told)
