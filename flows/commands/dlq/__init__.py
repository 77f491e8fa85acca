"""`touchline dlq`: the dead letters, counted, shown and written again."""

import importlib

import click

COMMANDS = {
    "ls": "Count the dead letters by hour, channel and reason.",
    "show": "Show dead letters whole.",
    "replay": "Write events to their topics again, mended if you like.",
}


class Members(click.Group):
    """Imported one by one when called, as they need Kafka's client."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Their names, in the order of the help."""
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Import one; None for a name that is none."""
        if cmd_name not in COMMANDS:
            return None
        module = importlib.import_module(f"flows.commands.dlq.{cmd_name}")
        command: click.Command = module.command
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Names and their sentences, without importing a module."""
        with formatter.section("Commands"):
            formatter.write_dl(list(COMMANDS.items()))


@click.command(cls=Members, context_settings={"help_option_names": ["-h", "--help"]})
def command() -> None:
    """Count, show and replay dead letters: events that were not taken, whole, each with a reason.

    docs/dead-letters.md says what each reason means and what to do. Each command's --help says its
    exit codes.

    \b
    Examples:
      touchline dlq ls --since 1d
      touchline dlq show --reason invalid --last 3
      touchline dlq replay --reason invalid --fix '.userId |= tostring' --dry-run
    """
