"""`touchline dlq`: the dead letters, counted, shown and written again."""

import click

from flows.commands.lazy_group import LazyGroup

COMMANDS = {
    "ls": "Count the dead letters by hour, channel and reason.",
    "show": "Show dead letters whole.",
    "replay": "Write events to their topics again, mended if you like.",
}


@click.command(
    cls=LazyGroup,
    package=__name__,
    members=COMMANDS,
    context_settings={"help_option_names": ["-h", "--help"]},
)
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
