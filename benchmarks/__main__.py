"""`python -m benchmarks`, or `make bench`: measure, print, and if told so write it down."""

import shlex
import signal
import sys
from pathlib import Path
from typing import Any

import click
import msgspec
from msgspec import structs
from rich.console import Console

from benchmarks.decisions.world import WORLDS
from benchmarks.measure import measure
from benchmarks.progress import progress
from benchmarks.report.keep import check, keep, read
from benchmarks.report.terminal import draw
from benchmarks.results import Results
from benchmarks.sizes import (
    ALL,
    METRICS,
    MORE,
    QUICK,
    ROUNDS,
    USUAL,
    WHAT,
    estimated_s,
    in_words,
)
from flows.local.services import ServiceError

STOPPED = 130
"""Exit code after Ctrl-C or SIGTERM."""


def _rates(_ctx: click.Context, _param: click.Parameter, text: str | None) -> Any:
    if text is None:
        return None
    try:
        rates = tuple(float(part) for part in text.split(","))
    except ValueError:
        rates = ()
    if not rates or not all(1 <= rate <= 1_000_000 for rate in rates):
        raise click.BadParameter(f"expected numbers from 1 up, such as 100,500,2000, got {text!r}")
    return rates


@click.command(context_settings={"help_option_names": ["-h", "--help"]})
@click.argument("what", nargs=-1, type=click.Choice((*WHAT, *MORE, ALL)))
@click.option("--quick", is_flag=True, help="Small sizes, three minutes: rough numbers.")
@click.option(
    "--events",
    type=click.IntRange(1_000),
    help=f"Of the backlog for throughput and memory [{USUAL.events:,}].",
)
@click.option(
    "--bad", default=0.0, type=click.FloatRange(0, 1), help="Share of that backlog that is broken."
)
@click.option("--rounds", type=click.IntRange(1), help=f"Of programs in turn [{USUAL.rounds}].")
@click.option(
    "--round-events",
    type=click.IntRange(1_000),
    help=f"Of the input of a round [{USUAL.round_events:,}].",
)
@click.option(
    "--rates",
    callback=_rates,
    metavar="N,N,...",
    help=f"Events/s of the open loops [{','.join(f'{rate:.0f}' for rate in USUAL.rates)}].",
)
@click.option(
    "--seconds", type=click.FloatRange(2), help=f"Of each open loop [{USUAL.seconds:.0f}]."
)
@click.option(
    "--timers", type=click.IntRange(1_000), help=f"And customers, at the most [{USUAL.timers:,}]."
)
@click.option(
    "--decisions",
    type=click.IntRange(1_000),
    help=f"Of each policy in each game [{USUAL.decisions:,}].",
)
@click.option("--seeds", type=click.IntRange(1), help=f"Games of a scenario [{USUAL.seeds}].")
@click.option(
    "--world",
    "worlds",
    type=click.Choice(WORLDS),
    multiple=True,
    help="Decide in this scenario only; may be given several times [all].",
)
@click.option(
    "--beside",
    type=click.Path(exists=True, file_okay=False, path_type=Path),
    metavar="FOLDER",
    help="Another checkout, whose flow runs in each round too.",
)
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object, no tables.")
@click.option(
    "--write",
    "keeps",
    is_flag=True,
    help="Also into benchmarks/: results.json, charts/*.png, README.md; of this run alone.",
)
@click.option(
    "--from",
    "kept",
    type=click.Path(dir_okay=False, path_type=Path),
    help="Measure nothing: take the results from this JSON file.",
)
def main(
    what: tuple[str, ...],
    quick: bool,
    bad: float,
    beside: Path | None,
    as_json: bool,
    keeps: bool,
    kept: Path | None,
    **sizes: Any,
) -> None:
    """Measure this flow on embedded services, and Apache Kafka: the first seven, or what is named.

    \b
    throughput  a backlog worked off: events/s, CPU per event by stage
    memory      the same with a small profile cache: does memory stay when it is full?
    rounds      the flow, the bare loop and plain Bytewax in turn over the same input
    metrics     the flow with and without metrics in turn, and what booking them takes
    protocol    what the commit protocol costs, by part, at 2,000 events a flush
    latency     open loops: event → offer, and what the broker takes of that, by rate
    apache      the same on Apache Kafka, which needs Java and Maven
    rules       an event by the number of rules, and the flow with 20 against 1,000
    timers      a million timers: memory, arming, firing, lateness; a million customers
    decisions   policies that learn, ours and those of MABWiser and river: regret, CPU
    all         all of these

    \b
    Examples:
      make bench ARGS="--quick"
      make bench ARGS="rounds --rounds 5"
      make bench ARGS="rounds --beside ../before"
      make bench ARGS="latency --rates 500,1000 --seconds 60"
      make bench ARGS="apache --rates 1000"
      make bench ARGS="rules timers"
      make bench ARGS="decisions --quick"
      make bench ARGS="decisions --world context"
      make bench ARGS="--json" > results.json
      make bench ARGS="all --write"

    Progress goes to stderr. Exit codes: 0 measured, targets met or not, 1 something could not be
    measured (the rest is printed, and nothing written) or the results could not be written,
    2 wrong options, 130 stopped by Ctrl-C or SIGTERM.
    """
    before = signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        if keeps:
            check()
        if kept is not None:
            results = read(kept)
        else:
            results = _measured(what, quick, sizes, bad=bad, beside=beside)
    except KeyboardInterrupt:
        click.echo("Stopped: nothing is measured, nothing is written.", err=True)
        sys.exit(STOPPED)
    except (ServiceError, RuntimeError, OSError, ValueError, ImportError) as error:
        raise click.ClickException(str(error)) from None
    finally:
        signal.signal(signal.SIGTERM, before)
    if as_json:
        sys.stdout.buffer.write(msgspec.json.encode(results) + b"\n")
    else:
        draw(results, Console(width=None if sys.stdout.isatty() else 120))
    if results.failed:
        raise click.ClickException(
            "; ".join(f"{name}: {why}" for name, why in results.failed.items())
            + ("; so nothing is written" if keeps else "")
        )
    if keeps:
        _keep(results, printed=as_json)


def _measured(
    what: tuple[str, ...], quick: bool, given: dict[str, Any], *, bad: float, beside: Path | None
) -> Results:
    if sys.platform != "linux":
        raise RuntimeError(f"the benchmarks read /proc, which Linux has; this is {sys.platform}")
    what = (*WHAT, *MORE) if ALL in what else what or WHAT
    if beside is not None and not {ROUNDS, METRICS} & set(what):
        raise click.UsageError(
            f"--beside: expected {ROUNDS} or {METRICS} among what is measured, got "
            + ", ".join(what)
        )
    chosen = {name: size for name, size in given.items() if size is not None}
    chosen["worlds"] = tuple(dict.fromkeys(given["worlds"])) or WORLDS
    if "rates" in chosen:
        chosen["apache_rates"] = chosen["rates"]
    sizes = structs.replace(QUICK if quick else USUAL, **chosen)
    rough = "; quick, so the numbers are rough" if quick else ""
    estimated = estimated_s(what, sizes, beside is not None)
    click.echo(f"This takes {in_words(estimated)}{rough}", err=True)
    with progress() as tell:
        command = _command(sys.argv[1:])
        return measure(what, sizes, tell, bad=bad, beside=beside, command=command, quick=quick)


def _keep(results: Results, printed: bool) -> None:
    """What took minutes is not lost because it cannot be written where it belongs."""
    try:
        keep(results)
    except (OSError, ValueError, ImportError) as error:
        if not printed:
            sys.stdout.buffer.write(msgspec.json.encode(results) + b"\n")
        raise click.ClickException(
            f"{error}; nothing is written. The results stand on stdout as JSON: put that line into "
            "a file, and --from FILE --write writes them down"
        ) from None


def _command(arguments: list[str]) -> str:
    return f'make bench ARGS="{shlex.join(arguments)}"' if arguments else "make bench"


if __name__ == "__main__":
    main()
