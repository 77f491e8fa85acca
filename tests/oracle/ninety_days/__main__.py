"""Ninety days of ten thousand customers, against the naive oracle.

python -m tests.oracle.ninety_days --customers 300
"""

import sys
import time
from collections import Counter

import click

from tests.oracle.ninety_days.crowd import DAYS
from tests.oracle.ninety_days.trial import Trial

SHOWN = 5
"""Customers with a difference that are shown."""


@click.command(context_settings={"help_option_names": ["-h", "--help"]})
@click.option("--customers", type=click.IntRange(1), default=10_000, help="How many.")
@click.option("--first", type=click.IntRange(0), default=0, help="Number of the first one.")
@click.option("--seed", type=int, default=1, help="Of all that is drawn.")
def main(customers: int, first: int, seed: int) -> None:
    """Drive the decisions through ninety days, and compare each one with an oracle that recomputes
    everything from the full history.

    One process, no broker, no Redis. Exit code 1: something was different; the first customers of
    whom it was are shown, and `--first NUMBER --customers 1` judges one of them alone.
    """
    trial, began = Trial(seed), time.monotonic()
    events, different = 0, 0
    kinds: Counter[str] = Counter()
    by_time = 0
    for done, number in enumerate(range(first, first + customers), 1):
        outcome = trial.judge(number)
        events += outcome.events
        kinds.update(act.kind for act in outcome.acts)
        by_time += sum(act.cause.startswith("time:") for act in outcome.acts)
        if outcome.surplus or outcome.missing:
            different += 1
            if different <= SHOWN:
                click.echo(f"customer {number}: {outcome.difference}")
        if done % 100 == 0 or done == customers:
            seconds = time.monotonic() - began
            say(f"{seconds:6.0f} s  {done} of {customers} customers, {different} different")
    seconds = time.monotonic() - began
    total = sum(kinds.values())
    click.echo(
        f"{'different' if different else 'equal'}: {customers} customers, {DAYS} days, {events} "
        f"events, {total} actions, {by_time} of them by time alone; {different} customers "
        f"different; {seconds:.0f} s"
    )
    for kind, count in sorted(kinds.items()):
        click.echo(f"  {kind:<20} {count}")
    sys.exit(different > 0)


def say(line: str) -> None:
    """How far it is: one line that changes on a terminal, plain lines elsewhere."""
    sys.stderr.write(f"\r\x1b[K{line}" if sys.stderr.isatty() else f"{line}\n")
    sys.stderr.flush()


if __name__ == "__main__":
    main()
