"""`touchline segments SEGMENT`: one of them."""

from collections.abc import Iterator

import click
import orjson

from flows.commands.phrases import printable
from flows.commands.segments.ls import UNTITLED, described
from flows.commands.segments.opening import Opened, opened, servers
from state.times import rfc3339


@click.command("show", context_settings={"help_option_names": ["-h", "--help"]})
@click.argument("segment", metavar="SEGMENT")
@servers
@click.option("--json", "as_json", is_flag=True, help="One JSON object on one line.")
def command(segment: str, redis_url: str | None, playbook: str | None, as_json: bool) -> None:
    """Show one segment: its title, how many customers are in it, how often one has come and left,
    since when that is counted, and the conditions of the playbook.

    Exit codes: 0 shown, 1 there is no such segment, no flow has worked with this Redis, or wrong
    settings, 2 wrong options, or Redis does not answer.

    \b
    Examples:
      touchline segments vip
      touchline segments show vip --json --playbook playbooks/mine.yaml
    """
    with opened(redis_url, playbook) as found:
        counted = found.known(segment)
        if not as_json:
            for name, value in _rows(found, segment):
                click.echo(f"{name:<14}{value}")
            return
        rule = found.rules.get(segment)
        described_all = {
            **described(found, segment, counted),
            "when": rule.source if rule else None,
            "until": (rule.ending or None) if rule else None,
            "dwell_seconds": rule.dwell_ms // 1_000 if rule else None,
            "counted_since": rfc3339(found.since_ms) if found.since_ms else None,
        }
        click.echo(orjson.dumps(described_all))


def _rows(found: Opened, segment: str) -> Iterator[tuple[str, str]]:
    counted, rule = found.counts[segment], found.rules.get(segment)
    yield "segment", printable(segment)
    yield "title", printable(rule.title) if rule else UNTITLED
    yield "customers", f"{counted.customers:,}"
    yield "entered", f"{counted.entered:,}"
    yield "left", f"{counted.exited:,}"
    began = rfc3339(found.since_ms)[:19].replace("T", " ") if found.since_ms else "not known"
    yield "counted since", began
    if rule is None:
        return
    yield "when", printable(rule.source)
    if rule.ending:
        yield "until", printable(rule.ending)
    if rule.dwell_ms:
        yield "dwell", f"{rule.dwell_ms // 1_000:,} s"
