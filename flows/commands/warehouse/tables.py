"""`touchline warehouse tables`: what there is to ask, and what each column means."""

import textwrap
from typing import Any

import click
import orjson

from connectors.warehouse.ask import open_warehouse
from connectors.warehouse.inventory import Inventory, inventory
from flows.commands.warehouse.opening import one_sentence, url_option, warehouse_url

LINE_COLUMNS = 100


@click.command(context_settings={"help_option_names": ["-h", "--help"]})
@click.argument("name", required=False)
@click.option("--json", "as_json", is_flag=True, help="One JSON object on one line.")
@url_option
def command(name: str | None, as_json: bool, url: str | None) -> None:
    """Show tables and views, their columns, types and meaning; of one, or all.

    Of the tables also how many rows, files and bytes there are, and when the last commit was made.

    Exit codes: 0 shown, 1 the warehouse cannot be read, or there is no such table or view, 2 wrong
    options.

    \b
    Examples:
      touchline warehouse tables
      touchline warehouse tables offer_funnel
      touchline warehouse tables --json
    """
    at = warehouse_url(url)
    with one_sentence(), open_warehouse(at) as warehouse:
        found = inventory(warehouse)
    views = [view for view in found.views if name in (None, view.name)]
    if not views:
        names = ", ".join(view.name for view in found.views)
        raise click.ClickException(f"{at}: expected one of {names}, got {name!r}")
    found = Inventory(at, found.tables, tuple(views))
    if as_json:
        click.echo(orjson.dumps(found, default=_plain))
        return
    if name is None:
        _print_tables(found)
    for view in found.views:
        click.echo()
        click.echo(click.style(view.name, bold=True))
        _wrapped(view.doc, 2)
        wide = max(len(column.name) for column in view.columns)
        kind = max(len(column.type) for column in view.columns)
        for column in view.columns:
            head = f"  {column.name:<{wide}}  {column.type:<{kind}}  "
            _wrapped(column.doc, len(head), head)


def _plain(value: Any) -> Any:
    return {name: getattr(value, name) for name in value.__struct_fields__}


def _print_tables(found: Inventory) -> None:
    click.echo(f"warehouse {found.url}")
    for table in found.tables:
        last = table.last_commit_at or "no commit"
        click.echo(
            f"  {table.name:<12} {table.rows:>12,} rows  {table.files:>6,} files  "
            f"{table.bytes:>15,} bytes  version {table.version}, last commit {last}"
        )


def _wrapped(text: str, indent: int, head: str = "") -> None:
    lines = textwrap.wrap(text, max(LINE_COLUMNS - indent, 30)) or [""]
    for number, line in enumerate(lines):
        click.echo((head if number == 0 and head else " " * indent) + line)
