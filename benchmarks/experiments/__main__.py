"""`python -m benchmarks.experiments`: how often the report of an experiment errs."""

import json
import os
import signal
import sys
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from typing import Any

import click

from benchmarks.experiments.runs import Run, play
from benchmarks.experiments.worlds import WORLDS
from benchmarks.progress import progress
from decisions.experimenting.differences import of_rate
from decisions.experimenting.quantiles import normal
from decisions.experimenting.tally import Tally

SHOWN = {
    "false alarms": {
        "at the end, once": "alarm_at_end",
        "at any time, every look": "alarm_anytime",
        "at one time, every look": "alarm_of_looks",
    },
    "truth inside": {"at the end": "holds_at_end", "at every look": "holds_anytime"},
    "effect found": {"at the end, once": "alarm_at_end", "at any time": "alarm_anytime"},
    "shares": {"called wrong": "mismatch"},
}
"""Heading → column → what of a `Run` it counts; the first and last are of worlds without effect."""


@click.command(context_settings={"help_option_names": ["-h", "--help"]})
@click.option("--runs", type=click.IntRange(10), default=2_000, show_default=True)
@click.option("--effect-runs", type=click.IntRange(10), default=1_000, show_default=True)
@click.option("--seed", type=int, default=1, show_default=True)
@click.option("--json", "as_json", is_flag=True, help="One JSON object on one line.")
def main(runs: int, effect_runs: int, seed: int, as_json: bool) -> None:
    """Play experiments whose truth is known, with salts of their own, and count the errors.

    Customers are dealt by the product's own code, come in 100 steps and succeed some steps later;
    the report is made after each. Shares stand with the interval in which they lie with 95 %
    (Wilson). About half an hour on two shared cores.

    \b
    Examples:
      python -m benchmarks.experiments
      python -m benchmarks.experiments --runs 100 --effect-runs 100 --json
    """
    table: list[dict[str, Any]] = []
    try:
        with ProcessPoolExecutor(os.cpu_count(), initializer=_quiet) as pool, progress() as tell:
            for world in WORLDS:
                tell.say(f"experiments: {world.name}")
                equal = partial(play, world.without_effect(), seed)
                other = partial(play, world, seed)
                without = list(pool.map(equal, range(runs), chunksize=5))
                having = list(pool.map(other, range(effect_runs), chunksize=5))
                table.append({"world": world.name, **_shares(without, having)})
    except KeyboardInterrupt:
        click.echo("Stopped: nothing is measured.", err=True)
        sys.exit(130)
    if as_json:
        click.echo(json.dumps({"runs": runs, "effect_runs": effect_runs, "worlds": table}))
        return
    for heading, columns in SHOWN.items():
        click.echo(f"\n| {heading} | {' | '.join(columns)} |")
        click.echo("| --- |" + " --: |" * len(columns))
        for row in table:
            cells = " | ".join(_cell(row[heading][column]) for column in columns)
            click.echo(f"| {row['world']} | {cells} |")


def _shares(without: Sequence[Run], having: Sequence[Run]) -> dict[str, dict[str, list[float]]]:
    """Each share with the ends of its interval."""
    return {
        heading: {
            column: _share(without if heading in ("false alarms", "shares") else having, of)
            for column, of in columns.items()
        }
        for heading, columns in SHOWN.items()
    }


def _share(runs: Sequence[Run], of: str) -> list[float]:
    counted = Tally()
    for run in runs:
        counted.add(getattr(run, of))
    within = of_rate(counted, normal(0.05))
    return [counted.rate, within.low, within.high]


def _cell(share: list[float]) -> str:
    rate, low, high = (f"{100 * value:.1f}" for value in share)
    return f"{rate} % ({low} to {high})"


def _quiet() -> None:
    """Ctrl-C is for the process that has the pool."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)


if __name__ == "__main__":
    main()
