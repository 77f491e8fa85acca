"""`touchline warehouse`: ask the warehouse, look after it, account for it."""

import importlib

import click

COMMANDS = {
    "sql": "Ask the tables and views in SQL.",
    "tables": "What there is to ask: tables, views, columns and their meaning.",
    "maintain": "Merge small files and remove those that nobody needs.",
    "reconcile": "Account for every event that was produced.",
}


class Members(click.Group):
    """Imported one by one when called, as they need DuckDB, the Delta library or Kafka's."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Their names, in the order of the help."""
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Import one; None for a name that is none."""
        if cmd_name not in COMMANDS:
            return None
        module = importlib.import_module(f"flows.commands.warehouse.{cmd_name}")
        command: click.Command = module.command
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Names and their sentences, without importing a module."""
        with formatter.section("Commands"):
            formatter.write_dl(list(COMMANDS.items()))


@click.command(cls=Members, context_settings={"help_option_names": ["-h", "--help"]})
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
