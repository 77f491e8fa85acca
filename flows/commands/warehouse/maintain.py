"""`touchline warehouse maintain`: small files merged, old ones removed."""

import re
import sys
from collections.abc import Iterable, Iterator
from contextlib import nullcontext
from datetime import timedelta
from typing import Any, TypeVar

import click
import orjson
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from connectors.warehouse.alone import alone
from connectors.warehouse.snapshot import TableAbsent
from connectors.warehouse.tables import TABLES, Table
from connectors.warehouse.upkeep import KEEP, SAFE_KEEP, Merge, Merged, Upkeep
from flows.commands.warehouse.opening import one_sentence, url_option, warehouse_url

T = TypeVar("T")


def _keep(_ctx: click.Context, _param: click.Parameter, text: str) -> timedelta:
    match = re.fullmatch(r"(\d{1,6})([hd])", text)
    if not match:
        raise click.BadParameter(f"expected hours or days, such as 168h or 7d, got {text!r}")
    return timedelta(**{{"h": "hours", "d": "days"}[match[2]]: int(match[1])})


@click.command(context_settings={"help_option_names": ["-h", "--help"]})
@click.option(
    "--keep",
    default=f"{KEEP // timedelta(hours=1)}h",
    show_default=True,
    callback=_keep,
    help="Keep files that are no longer needed for so long: hours (h) or days (d).",
)
@click.option("--dry-run", is_flag=True, help="Only say what there is to do.")
@click.option(
    "--yes-lose-running-readers",
    "reckless",
    is_flag=True,
    help="Take a --keep below 24h: no query may run, nor a writer.",
)
@click.option("--json", "as_json", is_flag=True, help="One JSON object on one line.")
@url_option
def command(keep: timedelta, dry_run: bool, reckless: bool, as_json: bool, url: str | None) -> None:
    """Merge each day's small files, remove those that nobody needs, and shorten the log.

    Safe beside the running warehouse flow: no row is lost or doubled, and its positions stay. A
    merged file's parts are removed only after --keep, so that queries that run keep theirs. A
    second one at the same time is refused; in an object store, where nothing can be locked, run
    only one, and nowhere another tool's OPTIMIZE. Ctrl-C ends it after the day in hand.

    Exit codes: 0 done, 1 the warehouse cannot be read or written, 2 wrong options, 130 interrupted.

    \b
    Examples:
      touchline warehouse maintain --dry-run
      touchline warehouse maintain
      touchline warehouse maintain --keep 30d --json
    """
    if keep < SAFE_KEEP and not reckless:
        raise click.UsageError(
            f"--keep: expected at least {SAFE_KEEP.total_seconds() / 3600:.0f}h, got less: queries "
            "that run, and a writer's files before its commit, would go; if there are none, add "
            "--yes-lose-running-readers"
        )
    at = warehouse_url(url)
    results = []
    with one_sentence():
        absent = []
        for table in TABLES:
            try:
                with nullcontext() if dry_run else alone(at, table):
                    results.append(_maintain(at, table, keep, dry_run=dry_run, quiet=as_json))
            except TableAbsent as missing:
                absent.append(missing)
        if len(absent) == len(TABLES):
            raise absent[0]
    if as_json:
        click.echo(orjson.dumps({"dry_run": dry_run, "tables": results}))
        return
    for result in results:
        click.echo(_sentence(result, dry_run))


def _maintain(
    url: str, table: Table, keep: timedelta, *, dry_run: bool, quiet: bool
) -> dict[str, Any]:
    upkeep = Upkeep(url, table)
    files, size = upkeep.size()
    merges = upkeep.merges()
    if not dry_run:
        for day in _shown(f"{table.name}: merging", upkeep.merge(merges), len(merges)):
            if not quiet and not sys.stderr.isatty():
                click.echo(_day(table, day), err=True)
        upkeep.shorten_log()
    removed = upkeep.remove(keep, dry_run=dry_run)
    after, size_after = upkeep.size()
    return {
        "table": table.name,
        "files_before": files,
        "bytes_before": size,
        "to_merge": _sum(merges),
        "files_after": after,
        "bytes_after": size_after,
        "removed_files": removed.files,
        "removed_bytes": removed.bytes,
    }


def _sum(merges: Iterable[Merge]) -> dict[str, int]:
    days = list(merges)
    return {
        "days": len(days),
        "files": sum(merge.files for merge in days),
        "bytes": sum(merge.bytes for merge in days),
    }


def _shown(title: str, steps: Iterator[T], count: int) -> Iterator[T]:
    """`steps`, with a bar on stderr if that is a terminal."""
    if not sys.stderr.isatty() or count == 0:
        yield from steps
        return
    with Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TextColumn("days"),
        TimeRemainingColumn(),
        console=Console(stderr=True),
        transient=True,
    ) as bar:
        task = bar.add_task(title, total=count)
        for step in steps:
            bar.advance(task)
            yield step


def _day(table: Table, day: Merged) -> str:
    return f"{table.name} {day.day}: {day.before:,} files -> {day.after:,}"


def _sentence(result: dict[str, Any], dry_run: bool) -> str:
    size = result["removed_bytes"]
    taken = "" if size is None else f", {size:,} bytes"
    if dry_run:
        merge = result["to_merge"]
        return (
            f"{result['table']}: {result['files_before']:,} files, {result['bytes_before']:,} "
            f"bytes; would merge {merge['files']:,} files of {merge['days']:,} days "
            f"({merge['bytes']:,} bytes), and remove {result['removed_files']:,} old files{taken}"
        )
    return (
        f"{result['table']}: {result['files_before']:,} files -> {result['files_after']:,}, "
        f"{result['bytes_before']:,} bytes -> {result['bytes_after']:,}; removed "
        f"{result['removed_files']:,} old files{taken}"
    )
