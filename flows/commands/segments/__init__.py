"""`touchline segments`: how many customers are in each segment, and who."""

import click

from flows.commands.lazy_group import LazyGroup

COMMANDS = {
    "ls": "Each segment, how many are in it, came and left; also without `ls`.",
    "show": "One segment, its conditions, since when is counted; also without `show`.",
    "export": "Write its members, and since when they are in it, to a file.",
}


@click.command(
    cls=LazyGroup,
    package=__name__,
    members=COMMANDS,
    named="show",
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
