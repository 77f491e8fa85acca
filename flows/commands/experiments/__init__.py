"""`touchline experiments`: what is tried with a part of the customers, and what it has shown."""

import importlib

import click

COMMANDS = {
    "ls": "Each experiment and control, its arms and their shares; also without `ls`.",
    "report": "What one has shown, arm by arm; also without `report`.",
}


class Members(click.Group):
    """Imported one by one when called, as a report needs DuckDB. No command is `ls`, and the id of
    an experiment `report`."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """With `ls` or `report` in front where neither is named."""
        if not args or (args[0].startswith("-") and args[0] not in ("-h", "--help")):
            args = ["ls", *args]
        elif not args[0].startswith("-") and args[0] not in COMMANDS:
            args = ["report", *args]
        return super().parse_args(ctx, args)

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Their names, in the order of the help."""
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Import one; None for a name that is none."""
        if cmd_name not in COMMANDS:
            return None
        module = importlib.import_module(f"flows.commands.experiments.{cmd_name}")
        command: click.Command = module.command
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Names and their sentences, without importing a module."""
        with formatter.section("Commands"):
            formatter.write_dl(list(COMMANDS.items()))


@click.command(
    cls=Members,
    context_settings={"help_option_names": ["-h", "--help"]},
    subcommand_metavar="[EXPERIMENT | COMMAND] [ARGS]...",
)
def command() -> None:
    """Show the experiments of a playbook, and what they have shown.

    Who is in which arm is computed from the playbook (TOUCHLINE_PLAYBOOK, --playbook), what became
    of them is asked of the warehouse. Each command's --help says its exit codes.

    \b
    Examples:
      touchline experiments
      touchline experiments tone
      touchline experiments report control --success revenue --since 2026-11-01
    """
