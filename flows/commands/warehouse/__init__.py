"""`touchline warehouse`: ask the warehouse, look after it, account for it."""

import click

from flows.commands.lazy_group import LazyGroup

COMMANDS = {
    "sql": "Ask the tables and views in SQL.",
    "tables": "What there is to ask: tables, views, columns and their meaning.",
    "maintain": "Merge small files and remove those that nobody needs.",
    "reconcile": "Account for every event that was produced.",
}


@click.command(
    cls=LazyGroup,
    package=__name__,
    members=COMMANDS,
    context_settings={"help_option_names": ["-h", "--help"]},
)
def command() -> None:
    """Ask the warehouse, look after it, account for it - while it is being written.

    Its address comes from TOUCHLINE_WAREHOUSE_URL, or --url. Each command's --help says its exit
    codes.

    \b
    Examples:
      touchline warehouse tables
      touchline warehouse sql "from offer_funnel"
      touchline warehouse maintain --dry-run
      touchline warehouse reconcile --hours 24
    """
