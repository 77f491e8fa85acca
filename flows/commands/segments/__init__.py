"""`touchline segments`: how many customers are in each segment, and who."""

import importlib

import click

COMMANDS = {
    "ls": "Each segment, how many are in it, came and left; also without `ls`.",
    "show": "One segment, its conditions, since when is counted; also without `show`.",
    "export": "Write its members, and since when they are in it, to a file.",
}


class Members(click.Group):
    """Imported one by one when called. No command is `ls`, and the id of a segment `show`."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """With `ls` or `show` in front where neither them nor another command is named."""
        if not args or (args[0].startswith("-") and args[0] not in ("-h", "--help")):
            args = ["ls", *args]
        elif not args[0].startswith("-") and args[0] not in COMMANDS:
            args = ["show", *args]
        return super().parse_args(ctx, args)

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Their names, in the order of the help."""
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Import one; None for a name that is none."""
        if cmd_name not in COMMANDS:
            return None
        module = importlib.import_module(f"flows.commands.segments.{cmd_name}")
        command: click.Command = module.command
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Names and their sentences, without importing a module."""
        with formatter.section("Commands"):
            formatter.write_dl(list(COMMANDS.items()))


@click.command(
    cls=Members,
    context_settings={"help_option_names": ["-h", "--help"]},
    subcommand_metavar="[SEGMENT | COMMAND] [ARGS]...",
)
def command() -> None:
    """Show how many customers are in each segment, and write down who.

    Asks Redis alone, and may be asked while the flow runs. Titles and conditions are those of a
    playbook (TOUCHLINE_PLAYBOOK, --playbook). Each command's --help says its exit codes.

    \b
    Examples:
      touchline segments
      touchline segments vip
      touchline segments export vip --to members.csv
    """
