"""`touchline dlq show`: dead letters whole."""

from base64 import b64encode
from collections import deque
from collections.abc import Iterator
from typing import Any

import click
import orjson

from connectors.events.dead_letter import Reason
from connectors.kafka.topics import DEAD_LETTER
from flows.commands.dlq.letters import Letter, Letters
from flows.commands.dlq.opening import (
    channels_option,
    opened,
    reasons_option,
    say_unknown,
    say_unreadable,
    servers_option,
)
from flows.commands.dlq.selection import Place, Selection, place
from flows.commands.phrases import printable
from flows.commands.progress import telling
from state.times import milliseconds, rfc3339

EPILOG = """\b
Examples:
  touchline dlq show                               the last five
  touchline dlq show --reason invalid --last 1     the last that is invalid
  touchline dlq show 3@41                          the one at offset 41 of partition 3
  touchline dlq show touchpoints.click[3]@4711     what became of this click
"""


@click.command("show", epilog=EPILOG, context_settings={"help_option_names": ["-h", "--help"]})
@click.argument("at", metavar="[PLACE]", required=False, callback=place)
@reasons_option
@channels_option
@click.option(
    "--last",
    type=click.IntRange(1, 1_000),
    metavar="N",
    help="So many, those that became dead letters last.  [default: 5]",
)
@servers_option
@click.option("--json", "as_json", is_flag=True, help="One JSON object a line for each.")
def command(
    at: Place | None,
    reasons: tuple[str, ...],
    channels: tuple[str, ...],
    last: int | None,
    bootstrap_servers: str | None,
    as_json: bool,
) -> None:
    """Show dead letters whole: where, why, since when, headers and value.

    IT MAY SHOW CUSTOMERS' DATA: an event holds what a website or an app has sent. PLACE is a
    partition and offset of touchpoints.dead-letter, or the place that the event came from. The
    value is shown as text, or in base64 when it is none.

    Exit codes: 0 shown, 1 nothing lies there, wrong settings, or Kafka does not answer, 2 wrong
    options.
    """
    if at is not None and (reasons or channels or last):
        raise click.UsageError("PLACE names one dead letter; drop --reason, --channel and --last")
    asked = Selection(tuple(map(Reason, reasons)), channels, places=(at,) if at else ())
    with opened(bootstrap_servers) as kafka, telling() as tell:
        letters = Letters(kafka.config, kafka.letters, tell)
        found = newest(filter(asked.takes, letters.all()), last or 5)
    say_unreadable(letters.unreadable)
    if not found:
        say_unknown(channels, kafka.channels, [])
        raise click.ClickException(
            f"no dead letter {_where(at)}: expected one of those that `touchline dlq "
            "ls` counts; what is older than the topic's retention is gone"
        )
    for number, letter in enumerate(found):
        if as_json:
            click.echo(orjson.dumps(described(letter)))
        else:
            click.echo("\n" * bool(number) + "\n".join(_lines(letter)))


def _where(at: Place | None) -> str:
    if at is None:
        return f"of this kind in {DEAD_LETTER}"
    return f"at {at}" if at.topic == DEAD_LETTER else f"of the event at {at} in {DEAD_LETTER}"


def newest(letters: Iterator[Letter], last: int) -> list[Letter]:
    """The `last` of them by time, oldest first, holding few at once: one may have a megabyte."""
    kept: dict[int, deque[Letter]] = {}
    for letter in letters:
        kept.setdefault(letter.partition, deque(maxlen=last)).append(letter)
    every = [letter for of_partition in kept.values() for letter in of_partition]
    return sorted(every, key=lambda letter: (letter.record.at, letter[:2]))[-last:]


def described(letter: Letter) -> dict[str, Any]:
    """A letter as JSON: each value as text, or in base64 beside `"encoding": "base64"`."""
    record = letter.record
    return {
        "place": letter.place,
        "origin": letter.origin,
        "reason": record.reason,
        "detail": record.detail,
        "stage": record.stage,
        "first_seen": rfc3339(milliseconds(record.first_at)),
        "last_seen": rfc3339(milliseconds(record.at)),
        "key": _readable(record.key),
        "headers": [{"name": name, **_readable(value)} for name, value in record.headers],
        **_readable(record.value),
    }


def _readable(data: bytes | None) -> dict[str, str | None]:
    if data is None:
        return {"value": None, "encoding": None}
    try:
        return {"value": data.decode(), "encoding": "utf-8"}
    except UnicodeDecodeError:
        return {"value": b64encode(data).decode(), "encoding": "base64"}


def _lines(letter: Letter) -> Iterator[str]:
    record = letter.record
    first, last = (rfc3339(milliseconds(at)) for at in (record.first_at, record.at))
    yield click.style(f"{DEAD_LETTER}[{letter.partition}]@{letter.offset}", bold=True)
    yield f"  from        {printable(letter.origin)}"
    yield f"  reason      {record.reason}, at {printable(record.stage)}"
    yield f"  detail      {printable(record.detail)}"
    yield f"  first seen  {first}" + ("" if first == last else f", last seen {last}")
    yield f"  key         {_shown(record.key)}"
    for name, value in record.headers:
        yield f"  header      {printable(name)}: {_shown(value)}"
    yield f"  value       {_shown(record.value)}"


def _shown(data: bytes | None) -> str:
    read = _readable(data)
    if read["value"] is None:
        return "(none)"
    marked = "(base64) " if read["encoding"] == "base64" else ""
    return marked + printable(read["value"])
