"""`touchline dlq ls`: how many dead letters, of which kind, since when."""

from collections.abc import Iterable, Iterator
from typing import Any

import click
import orjson
from msgspec import Struct, structs

from connectors.events.dead_letter import Reason
from connectors.kafka.replayer import marks
from flows.commands.dlq.letters import Letter, Letters
from flows.commands.dlq.opening import (
    channels_option,
    opened,
    reasons_option,
    say_unknown,
    say_unreadable,
    servers_option,
    since_ms,
    since_option,
)
from flows.commands.dlq.selection import Selection
from flows.commands.phrases import count, printable
from flows.commands.progress import telling
from state.times import milliseconds, rfc3339

HOUR_MS = 3_600_000

EPILOG = """\b
Examples:
  touchline dlq ls                                 all of them
  touchline dlq ls --since 1d --channel click      yesterday's clicks and today's
  touchline dlq ls --reason invalid --json         for a program
"""

Group = tuple[int, str, str]
"""Hour (milliseconds), channel, reason."""


class Line(Struct):
    """The dead letters of one hour, channel and reason."""

    count: int = 0
    replayed: int = 0
    """Of these, how many have been written again."""
    first_ms: int = 0
    """When the earliest of them first became a dead letter."""
    last_ms: int = 0
    """When the latest of them became one."""

    def add(self, letter: Letter, replayed: bool) -> None:
        """One more."""
        first_ms, at_ms = milliseconds(letter.record.first_at), milliseconds(letter.record.at)
        self.first_ms = min(self.first_ms, first_ms) if self.count else first_ms
        self.last_ms = max(self.last_ms, at_ms)
        self.count += 1
        self.replayed += replayed


@click.command("ls", epilog=EPILOG, context_settings={"help_option_names": ["-h", "--help"]})
@reasons_option
@channels_option
@since_option
@servers_option
@click.option("--json", "as_json", is_flag=True, help="One JSON object on one line.")
def command(
    reasons: tuple[str, ...],
    channels: tuple[str, ...],
    age_ms: int | None,
    bootstrap_servers: str | None,
    as_json: bool,
) -> None:
    """Count the dead letters by hour, channel and reason.

    The hour (UTC) is that in which they became dead letters. First seen is earlier where an event
    was replayed and refused again. What a crash has repeated counts once. The topic is read to its
    end, and holds what its retention has left.

    Exit codes: 0 counted, 1 wrong settings, or Kafka does not answer, 2 wrong options.
    """
    asked = Selection(tuple(map(Reason, reasons)), channels, since_ms(age_ms))
    with opened(bootstrap_servers) as kafka, telling() as tell:
        done = marks(kafka.config, kafka.marks) if kafka.marks else set()
        letters = Letters(kafka.config, kafka.letters, tell)
        lines = counted(filter(asked.takes, letters.all()), done, kafka.letters.id)
    if as_json:
        total = sum(line.count for line in lines.values())
        click.echo(orjson.dumps({"total": total, "letters": list(_described(lines))}))
    else:
        for row in _table(lines):
            click.echo(row)
    say_unknown(channels, kafka.channels, [channel for _, channel, _ in lines])
    say_unreadable(letters.unreadable)


def counted(letters: Iterable[Letter], done: set[bytes], topic_id: str) -> dict[Group, Line]:
    """By hour, channel and reason, in this order. `done`: the marks of what was written again."""
    lines: dict[Group, Line] = {}
    for letter in letters:
        at_ms = milliseconds(letter.record.at)
        group = (at_ms - at_ms % HOUR_MS, letter.channel, str(letter.record.reason))
        lines.setdefault(group, Line()).add(letter, letter.mark(topic_id) in done)
    return dict(sorted(lines.items()))


def _described(lines: dict[Group, Line]) -> Iterator[dict[str, Any]]:
    for (hour_ms, channel, reason), line in lines.items():
        yield {
            "hour": rfc3339(hour_ms),
            "channel": channel,
            "reason": reason,
            **{name: value for name, value in structs.asdict(line).items() if name[-3:] != "_ms"},
            "first_seen": rfc3339(line.first_ms),
            "last_seen": rfc3339(line.last_ms),
        }


def _table(lines: dict[Group, Line]) -> Iterator[str]:
    if not lines:
        yield "no dead letters"
        return
    rows = [
        (
            _short(hour_ms)[:16],
            printable(channel),
            reason,
            f"{line.count:,}",
            f"{line.replayed:,}",
            _short(line.first_ms),
            _short(line.last_ms),
        )
        for (hour_ms, channel, reason), line in lines.items()
    ]
    heads = ("hour (UTC)", "channel", "reason", "count", "replayed", "first seen", "last seen")
    widths = [max(map(len, column)) for column in zip(heads, *rows, strict=True)]
    for row in (heads, *rows):
        cells = [
            f"{cell:>{width}}" if number in (3, 4) else f"{cell:<{width}}"
            for number, (cell, width) in enumerate(zip(row, widths, strict=True))
        ]
        yield "  ".join(cells).rstrip()
    total, replayed = (
        sum(line.count for line in lines.values()),
        sum(line.replayed for line in lines.values()),
    )
    yield f"{count(total, 'dead letter')}, {replayed:,} of them replayed"


def _short(ms: int) -> str:
    return rfc3339(ms)[:19].replace("T", " ")
