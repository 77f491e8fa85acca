"""`touchline warehouse sql`: ask the tables and views."""

import contextlib
import os
import shutil
import sys
import tempfile
from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from typing import TextIO

import click

from connectors.warehouse.ask import Warehouse, open_warehouse
from connectors.warehouse.errors import WarehouseUnavailable
from connectors.warehouse.query import Answer, answer, write_parquet
from connectors.warehouse.sql_errors import QueryRefused
from flows.commands.option_types import FilledPath
from flows.commands.warehouse.opening import one_sentence, url_option, warehouse_url
from flows.commands.warehouse.patience import interruptible, waiting
from flows.commands.warehouse.printed import (
    rows_of,
    write_csv,
    write_json,
    write_plan,
    write_table,
)

TABLE_ROWS = 1_000
"""As many does a table for people show unless more are asked for."""


@click.command(context_settings={"help_option_names": ["-h", "--help"]})
@click.argument("sql", metavar="[SQL]", required=False)
@click.option(
    "--file", "path", type=FilledPath(dir_okay=False), help="Read the SQL from a file; - is stdin."
)
@click.option(
    "--format",
    "form",
    type=click.Choice(["table", "json", "csv", "parquet"]),
    default="table",
    show_default=True,
    help="json: one object a line.",
)
@click.option("--output", type=FilledPath(dir_okay=False), help="Write to a file, not to stdout.")
@click.option("--limit", type=click.IntRange(min=1), help="At most so many rows.")
@click.option("--all", "show_all", is_flag=True, help=f"A table of more than {TABLE_ROWS:,} rows.")
@url_option
def command(
    sql: str | None,
    path: str | None,
    form: str,
    output: str | None,
    limit: int | None,
    show_all: bool,
    url: str | None,
) -> None:
    """Answer one SQL statement from the warehouse's tables and views, in DuckDB's dialect.

    It only reads, each table as of its last commit, and may be asked while the warehouse is
    written. `touchline warehouse tables` shows what there is to ask. SQL is the argument, or - for
    stdin. Times are UTC; in json, csv and tables they are RFC 3339 with milliseconds.

    Exit codes: 0 answered, 1 the SQL is wrong or would write, the warehouse cannot be read, or
    the answer not be written, 2 wrong options, 130 interrupted.

    \b
    Examples:
      touchline warehouse sql "from offer_funnel"
      touchline warehouse sql "select event, count(*) from touchpoints group by all" --format csv
      touchline warehouse sql --file report.sql --format parquet --output report.parquet
      echo "from alerts order by raised_at desc limit 5" | touchline warehouse sql - --format json
    """
    if limit is not None and show_all:
        raise click.UsageError("--limit and --all: expected one of them")
    if form == "parquet" and output is None and sys.stdout.isatty():
        raise click.UsageError(
            "--format parquet: it is binary, nothing for a terminal; name a file with --output"
        )
    text = _read(sql, path)
    at = warehouse_url(url)
    with one_sentence():
        try:
            if form == "parquet":
                _parquet(at, text, output, limit)
            else:
                _print(at, text, form, output, limit, show_all)
        except QueryRefused as refused:
            raise click.ClickException(str(refused)) from None


def _read(sql: str | None, path: str | None) -> str:
    """The SQL, from where it is."""
    if (sql is None) == (path is None):
        raise click.UsageError(
            "expected SQL, either as an argument, or with --file, or - for stdin"
        )
    source = path or sql or ""
    try:
        if "-" in (sql, path):
            return sys.stdin.read()
        return Path(source).read_text(encoding="utf-8") if path else source
    except OSError as trouble:
        raise click.ClickException(f"{source}: cannot be read: {trouble.strerror}") from None
    except UnicodeDecodeError as wrong:
        raise click.ClickException(
            f"{source}: expected UTF-8 text, got another byte at {wrong.start}"
        ) from None


def _print(
    url: str, sql: str, form: str, output: str | None, limit: int | None, show_all: bool
) -> None:
    with _answered(url, sql) as found, _out(output) as out:
        if form == "table" and limit is None and not show_all:
            most: int | None = TABLE_ROWS
        else:
            most = limit
        rows = rows_of(found)
        shown = rows if most is None else islice(rows, most)
        if found.is_plan and form == "table":
            write_plan(shown, out)
            return
        if form == "json":
            write_json(found.columns, shown, out)
        elif form == "csv":
            write_csv(found.columns, shown, out)
        else:
            count = write_table(found.columns, shown, out, _screen(out))
            out.flush()
            more = most is not None and next(rows, None) is not None
            click.echo(_counted(count, more and limit is None), err=True)


def _counted(rows: int, more: bool) -> str:
    if more:
        return f"the first {rows:,} rows, there are more: --limit N, --all or another --format"
    return f"{rows:,} {'row' if rows == 1 else 'rows'}"


def _screen(out: TextIO) -> int | None:
    """Columns of the terminal; None where nobody's screen ends."""
    return shutil.get_terminal_size().columns if out.isatty() else None


@contextlib.contextmanager
def _answered(url: str, sql: str) -> Iterator[Answer]:
    """The answer, asked once more when a file of the tables went in between."""
    with contextlib.ExitStack() as stack:
        for last in (False, True):
            warehouse: Warehouse = stack.enter_context(open_warehouse(url))
            stack.enter_context(interruptible(warehouse.connection))
            with waiting(warehouse.connection):
                try:
                    found = answer(warehouse, sql)
                    break
                except WarehouseUnavailable:
                    if last:
                        raise
        yield found


@contextlib.contextmanager
def _out(output: str | None) -> Iterator[TextIO]:
    if output is None:
        yield sys.stdout
        return
    try:
        with Path(output).open("w", encoding="utf-8", newline="") as file:
            yield file
    except OSError as trouble:
        raise click.ClickException(f"{output}: cannot be written: {trouble.strerror}") from None


def _parquet(url: str, sql: str, output: str | None, limit: int | None) -> None:
    """Into a file beside the one that is meant, so that half an answer is never taken for one."""
    if limit is not None:
        raise click.UsageError("--limit: write it into the SQL for --format parquet")
    folder = None if output is None else Path(output).absolute().parent
    try:
        descriptor, part = tempfile.mkstemp(".part", "touchline-", folder)
    except OSError as trouble:
        raise click.ClickException(f"{output}: cannot be written: {trouble.strerror}") from None
    os.close(descriptor)
    try:
        with open_warehouse(url, [part]) as warehouse:
            asked = warehouse.connection
            with interruptible(asked), waiting(asked):
                rows = write_parquet(warehouse, sql, part)
        if output is None:
            with Path(part).open("rb") as whole:
                shutil.copyfileobj(whole, sys.stdout.buffer)
        else:
            Path(part).replace(output)
            click.echo(f"{output}: {_counted(rows, more=False)}", err=True)
    except OSError as trouble:
        raise click.ClickException(f"{output}: cannot be written: {trouble.strerror}") from None
    finally:
        Path(part).unlink(missing_ok=True)
