"""The `touchline` command; subcommands are imported when called, so that help is instant."""

import os
import signal
import sys
from contextlib import suppress
from types import FrameType

RUNNING = ("up", "run", "simulate", "tail")
"""The subcommands that run until they are told to stop, and then end with 0."""


def _stop(_number: int, _frame: FrameType | None) -> None:
    """Told to stop while still being loaded: nothing has been begun that had to be ended."""
    with suppress(OSError):  # stderr may be closed
        os.write(2, b"stopping ...\n")
    os._exit(0)


# Before the imports, which take most of the first second; a subcommand that is ready to be stopped
# puts handlers of its own in the place of these.
if sys.argv[1:2] and sys.argv[1] in RUNNING:
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, _stop)

from typing import Any  # noqa: E402 - see above

import click  # noqa: E402 - see above

from flows.commands.lazy_group import LazyGroup  # noqa: E402 - see above
from flows.commands.streams import guarded  # noqa: E402 - see above

COMMANDS = {
    "up": "Everything on this machine: Kafka, Redis, both flows, metrics.",
    "run": "One flow against configured servers.",
    "simulate": "A seeded population that writes events and answers offers.",
    "customer": "What is known of one customer.",
    "explain": "Why a customer is offered what they are offered.",
    "segments": "Segments: how many customers are in each, and who.",
    "experiments": "Experiments: their arms, and what they have shown.",
    "tail": "Follow decisions as they are published.",
    "topics": "List, create and check the topics; accept one made anew.",
    "dlq": "Dead letters: count them, look at them, replay them.",
    "warehouse": "Ask the warehouse in SQL, look after it, account for every event.",
    "rebuild": "Make the state in an empty Redis anew from Kafka.",
    "check": "Validate a playbook and say in words what it holds.",
    "test": "Run the test cases that are written in a playbook.",
}


class Touchline(LazyGroup):
    """All commands."""

    def main(self, *args: Any, **kwargs: Any) -> Any:
        """As click has it, with one answer of all commands to a stdout that cannot be written."""
        with guarded(endless=bool(sys.argv[1:2]) and sys.argv[1] in RUNNING):
            return super().main(*args, **kwargs)


@click.command(
    cls=Touchline,
    package="flows.commands",
    members=COMMANDS,
    context_settings={"help_option_names": ["-h", "--help"]},
)
@click.version_option(package_name="touchline")
def main() -> None:
    """Touchline: customer touchpoints in, the next best offer out, in real time."""


if __name__ == "__main__":
    main()
