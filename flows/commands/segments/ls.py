"""`touchline segments`: all of them."""

from collections.abc import Iterator
from typing import Any

import click
import orjson

from decisions.segment_counts import SegmentCount
from flows.commands.phrases import count, printable
from flows.commands.segments.opening import Opened, opened, servers

HEADINGS = ("segment", "customers", "entered", "left", "title")
UNTITLED = "(not in this playbook)"


@click.command("ls", context_settings={"help_option_names": ["-h", "--help"]})
@servers
@click.option("--json", "as_json", is_flag=True, help="One JSON object on one line.")
def command(redis_url: str | None, playbook: str | None, as_json: bool) -> None:
    """Show each segment: how many customers are in it, how often one has come, how often left.

    Exact, as of the last commit of each shard: what moves a customer counts it. In the order of
    the playbook; then those that only Redis has: customers of a segment that the playbook no
    longer has, or has under another name, leave it at their next event.

    Exit codes: 0 shown, 1 no flow has worked with this Redis, or wrong settings, 2 wrong options,
    or Redis does not answer.

    \b
    Examples:
      touchline segments
      touchline segments --json | jq '.segments[] | select(.customers > 1000) | .segment'
    """
    with opened(redis_url, playbook) as found:
        if as_json:
            segments = [described(found, name, one) for name, one in found.counts.items()]
            click.echo(orjson.dumps({"segments": segments}))
            return
        for row in _table(found):
            click.echo(row)


def described(found: Opened, name: str, counted: SegmentCount) -> dict[str, Any]:
    """A segment as plain JSON values."""
    rule = found.rules.get(name)
    return {
        "segment": name,
        "title": rule.title if rule else None,
        "in_playbook": rule is not None,
        "customers": counted.customers,
        "entered": counted.entered,
        "left": counted.exited,
    }


def _table(found: Opened) -> Iterator[str]:
    rows = [
        (
            printable(name),
            f"{one.customers:,}",
            f"{one.entered:,}",
            f"{one.exited:,}",
            printable(found.rules[name].title) if name in found.rules else UNTITLED,
        )
        for name, one in found.counts.items()
    ]
    widths = [max(map(len, column)) for column in zip(HEADINGS, *rows, strict=True)]
    for name, *numbers, title in (HEADINGS, *rows):
        shown = "  ".join(f"{n:>{width}}" for n, width in zip(numbers, widths[1:4], strict=True))
        yield f"{name:<{widths[0]}}  {shown}  {title}"
    yield count(len(rows), "segment")
