"""The live screen: what happens now, in 80 columns, and what to try next."""

from collections.abc import Callable

from rich.console import Console, ConsoleOptions, Group, RenderableType, RenderResult
from rich.live import Live
from rich.measure import Measurement
from rich.table import Table
from rich.text import Text

from flows.local.next_steps import next_commands
from flows.local.numbers import Numbers
from flows.local.outcome import Summary
from flows.local.report import (
    STARTING,
    addresses,
    answers_of,
    latency_of,
    troubles_of,
    words_of,
)
from flows.local.stack import Ready

BAR_COLUMNS = 40
"""At most: a narrow terminal leaves less, down to none."""
COMPACT_ROWS = 26
"""A terminal lower than this gets no blank lines."""


class ScreenReport:
    """Draws over itself while it runs; leaves the closing words behind.

    `customer` finds the id of somebody who has an offer; it is asked until there is one.
    """

    def __init__(
        self, console: Console, program: str, customer: Callable[[Ready], str | None]
    ) -> None:
        self._console = console
        self._program = program
        self._customer = customer
        self._known: str | None = None
        self._live = Live(console=console, auto_refresh=False, transient=True)

    def starting(self) -> None:
        """What to expect of the embedded services; stays above the picture."""
        self._console.print(STARTING, style="dim", highlight=False)

    def ready(self, ready: Ready) -> None:
        """Where everything is, which stays above the picture, too; begin to draw."""
        self._ready = ready
        for line in addresses(ready):
            # Soft: what a terminal has wrapped can still be copied in one piece.
            self._console.print(line, style="dim", highlight=False, markup=False, soft_wrap=True)
        self._live.start()

    def numbers(self, numbers: Numbers, answers: dict[str, int]) -> None:
        """Draw anew."""
        if self._known is None:
            self._known = self._customer(self._ready)
        commands = next_commands(self._ready, self._program, self._known)
        compact = self._console.size.height < COMPACT_ROWS
        picture = screen(numbers, answers, commands, compact=compact)
        self._live.update(picture, refresh=True)

    def stopping(self) -> None:
        """Take the picture away."""
        self._live.stop()
        self._console.print("stopping ...", style="dim")

    def closing(self, summary: Summary) -> None:
        """What stays on the terminal."""
        for line in words_of(summary):
            # Soft, as above: a trouble names a log file.
            self._console.print(line, highlight=False, markup=False, soft_wrap=True)


def screen(
    numbers: Numbers, answers: dict[str, int], commands: list[str], *, compact: bool
) -> RenderableType:
    """The whole picture."""
    minutes, seconds = divmod(int(numbers.seconds), 60)
    title = Text.assemble(
        ("Touchline", "bold"), f"  {minutes:02d}:{seconds:02d}  ", ("Ctrl-C stops", "dim")
    )
    blank = [] if compact else [Text()]
    troubles = [Text(trouble, style="bold yellow") for trouble in troubles_of(numbers)]
    next_lines = [Text(f"  {command}", overflow="fold") for command in commands]
    return Group(
        title,
        *troubles,
        *blank,
        _channels(numbers),
        *blank,
        _counts(numbers, answers),
        *blank,
        Text("Try next, in another terminal:", style="bold"),
        *next_lines,
    )


class _Bar:
    """As long as `share` (0..1) of what the terminal has left for it."""

    def __init__(self, share: float) -> None:
        self._share = share

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        length = max(round(options.max_width * self._share), 1 if self._share else 0)
        block = "#" if options.ascii_only else "█"
        yield Text(block * length, style="cyan", no_wrap=True)

    def __rich_measure__(self, console: Console, options: ConsoleOptions) -> Measurement:
        return Measurement(0, min(BAR_COLUMNS, options.max_width))


def _channels(numbers: Numbers) -> Table:
    table = Table(box=None, pad_edge=False, show_header=False)
    table.add_column(min_width=8, no_wrap=True)
    table.add_column(justify="right", min_width=12, no_wrap=True)
    table.add_column()
    most = max(numbers.channels_per_s.values(), default=0) or 1
    for channel, rate in numbers.channels_per_s.items():
        table.add_row(channel, f"{rate:,.1f} /s", _Bar(rate / most))
    table.add_row(
        Text("all", style="bold"), f"{numbers.events_per_s:,.1f} /s", f"{numbers.events:,} events"
    )
    return table


def _counts(numbers: Numbers, answers: dict[str, int]) -> Table:
    table = Table(box=None, pad_edge=False, show_header=False)
    table.add_column(style="bold", min_width=16)
    table.add_column(overflow="fold")
    table.add_row("event to offer", latency_of(numbers.latency_p50_ms, numbers.latency_p99_ms))
    table.add_row("decided", f"{numbers.offers:,} offers, {numbers.alerts:,} alerts")
    table.add_row("dead letters", _warn(numbers.dead_letters, ""))
    table.add_row("lag", _warn(numbers.lag_events, " events"))
    if answers:
        table.add_row("answers", answers_of(answers))
    table.add_row("warehouse", f"{numbers.warehouse_rows:,} rows")
    return table


def _warn(count: int, unit: str) -> Text:
    return Text(f"{count:,}{unit}", style="yellow" if count else "")
