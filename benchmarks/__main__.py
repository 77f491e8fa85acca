"""`python -m benchmarks`, or `make bench`: measure, print, and if told so write it down."""

import shlex
import sys
from datetime import UTC, datetime

import click
import msgspec
from rich.console import Console

from benchmarks.latency import measure_latency
from benchmarks.machine import this_machine, this_moment
from benchmarks.peers import measure_peers
from benchmarks.progress import progress
from benchmarks.report import draw, write
from benchmarks.results import Results, targets_of
from benchmarks.throughput import measure_memory, measure_throughput

USUAL = ("throughput", "memory", "latency")


@click.command()
@click.argument("what", nargs=-1, type=click.Choice([*USUAL, "peers"]))
@click.option("--events", default=1_000_000, type=click.IntRange(1_000), help="Of the backlog.")
@click.option(
    "--bad", default=0.0, type=click.FloatRange(0, 1), help="Share of the backlog that is broken."
)
@click.option("--rate", default=500.0, type=click.FloatRange(1), help="Events/s for latency.")
@click.option("--seconds", default=60.0, type=click.FloatRange(2), help="Of the open loop.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object, no tables.")
@click.option("--write", "keep", is_flag=True, help="Also into benchmarks/README.md.")
def main(
    what: tuple[str, ...],
    events: int,
    bad: float,
    rate: float,
    seconds: float,
    as_json: bool,
    keep: bool,
) -> None:
    """Measure throughput, memory and latency, or what is named, with embedded services.

    \b
    throughput  a backlog worked off: events/s, CPU per event
    memory      the same with a small profile cache: does memory stay when it is full?
    latency     an open loop: event → offer, and what the broker takes of that
    peers       the same input through plain Bytewax, in turn with this flow
    """
    if sys.platform != "linux":
        raise click.ClickException("the benchmarks read /proc, which only Linux has")
    what = what or USUAL
    before = this_moment()
    with progress() as tell:
        throughput = measure_throughput(events, tell, bad) if "throughput" in what else None
        memory = measure_memory(events, tell) if "memory" in what else []
        latency = measure_latency(rate, seconds, tell) if "latency" in what else None
        peers = measure_peers(min(events, 200_000), tell) if "peers" in what else []
    results = Results(
        at=datetime.now(UTC).isoformat(" ", "minutes"),
        command=_command(sys.argv[1:]),
        machine=this_machine(),
        before=before,
        after=this_moment(),
        throughput=throughput,
        memory=memory,
        latency=latency,
        peers=peers,
        targets=targets_of(throughput, memory, latency),
    )
    if as_json:
        sys.stdout.buffer.write(msgspec.json.encode(results) + b"\n")
    else:
        draw(results, Console(width=None if sys.stdout.isatty() else 120))
    if keep:
        write(results)


def _command(arguments: list[str]) -> str:
    return f'make bench ARGS="{shlex.join(arguments)}"' if arguments else "make bench"


if __name__ == "__main__":
    main()
