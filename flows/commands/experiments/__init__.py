"""`touchline experiments`: what is tried with a part of the customers, and what it has shown."""

import click

from flows.commands.lazy_group import LazyGroup

COMMANDS = {
    "ls": "Each experiment and control, its arms and their shares; also without `ls`.",
    "report": "What one has shown, arm by arm; also without `report`.",
}


@click.command(
    cls=LazyGroup,
    package=__name__,
    members=COMMANDS,
    named="report",
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
