"""`touchline segments export`: who is in a segment."""

import csv
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import FrameType
from typing import TextIO

import click
import orjson

from flows.commands.option_types import age
from flows.commands.phrases import count
from flows.commands.progress import telling
from flows.commands.segments.opening import opened, servers
from flows.commands.segments.spool import Spool
from flows.commands.segments.target import TargetUnfit, check_target, whole
from flows.commands.signals import caught
from state.store.members import members
from state.times import rfc3339

FORMATS = ("csv", "jsonl")


class Stopped(Exception):
    """Told to stop."""


@click.command("export", context_settings={"help_option_names": ["-h", "--help"]})
@click.argument("segment", metavar="SEGMENT")
@click.option(
    "--to",
    "target",
    required=True,
    metavar="FILE",
    help="A file that ends in .csv or .jsonl; - is stdout.",
)
@click.option(
    "--format",
    "form",
    type=click.Choice(FORMATS),
    help="Whatever the file's name.  [default: by its name; csv to stdout]",
)
@click.option(
    "--since",
    "age_ms",
    metavar="AGE",
    callback=age,
    help="Only who came in so long ago at most: 90s, 10m, 12h, 7d.",
)
@click.option("--force", is_flag=True, help="Write over a file that is there.")
@servers
def command(
    segment: str,
    target: str,
    form: str | None,
    age_ms: int | None,
    force: bool,
    redis_url: str | None,
    playbook: str | None,
) -> None:
    """Write who is in SEGMENT, and since when: their ids and times, nothing else of them.

    IT WRITES CUSTOMERS' IDS. Each member once, in the order of the ids. Every profile in Redis is
    looked at, some hundred at a time, while the flow goes on: each row is right as of the moment
    at which that profile was read, so that somebody who moves meanwhile may be there or not. All
    who are in it throughout are there. stderr says how many were read.

    The file is there when it is whole: nothing is left of one that was stopped, or that failed.

    Exit codes: 0 written, 1 no such segment, the file is there already or cannot be written,
    stopped, a profile cannot be read, or wrong settings, 2 wrong options, or Redis does not answer.

    \b
    Examples:
      touchline segments export vip --to members.csv
      touchline segments export vip --since 1d --to new.jsonl
      touchline segments export vip --to - --format jsonl | wc -l
    """
    path = None if target == "-" else Path(target)
    form = form or _form(path)
    from_ms = 0 if age_ms is None else time.time_ns() // 1_000_000 - age_ms
    try:
        if path is not None:
            check_target(path, force=force)
        with _stoppable(), opened(redis_url, playbook) as found, Spool() as spool:
            found.known(segment)
            read = 0
            with telling() as tell:

                def looked_at(profiles: int) -> None:
                    nonlocal read
                    read = profiles
                    tell("profiles", profiles)

                everyone = members(found.client, segment, looked_at)
                spool.fill((customer, since) for customer, since in everyone if since >= from_ms)
            if path is None:
                _write(sys.stdout, spool, form)
            else:
                with whole(path, force=force) as file:
                    _write(file, spool, form)
            written = count(len(spool), "customer")
    except TargetUnfit as unfit:
        raise click.ClickException(str(unfit)) from None
    except Stopped:
        whole_or_not = "nothing was written" if path else "what is written may not be all"
        raise click.ClickException(f"stopped; {whole_or_not}") from None
    place = "" if path is None else f" to {path}"
    click.echo(f"{written} written{place}, {count(read, 'profile')} read", err=True)


def _form(path: Path | None) -> str:
    if path is None:
        return "csv"
    form = path.suffix.removeprefix(".").lower()
    if form not in FORMATS:
        raise click.BadParameter(
            f"expected - or a name in .csv or .jsonl, got {str(path)!r}; --format says it, too",
            param_hint="'--to'",
        )
    return form


def _write(file: TextIO, rows: Spool, form: str) -> None:
    if form == "csv":
        table = csv.writer(file, lineterminator="\n")
        table.writerow(("customer_id", "since"))
        table.writerows((customer, rfc3339(since)) for customer, since in rows)
        return
    for customer, since in rows:
        line = orjson.dumps({"customer_id": customer, "since": rfc3339(since)})
        file.write(line.decode() + "\n")


@contextmanager
def _stoppable() -> Iterator[None]:
    """Ctrl-C and SIGTERM raise Stopped, once: what it leads to is not disturbed by another."""
    told = False

    def stop(_number: int, _frame: FrameType | None) -> None:
        nonlocal told
        if not told:
            told = True
            raise Stopped

    with caught(stop):
        yield
