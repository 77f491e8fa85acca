"""The fault suite: breaks a running flow in every way we know, and judges what is left.

python -m tests.faults --quick
"""

import random
import sys
import tempfile
from pathlib import Path

import click
import orjson
from msgspec import structs

from flows.local.services import MissingExtra
from tests.faults.breaks.catalogue import FAULTS
from tests.faults.breaks.fault import Fault
from tests.faults.perform import Result, perform
from tests.faults.progress import Progress
from tests.faults.stage.servers import Servers
from tests.faults.table import rows, written
from tests.faults.world import ROOT

PAGE = ROOT / "docs/reliability.md"


def _chosen(_ctx: click.Context, _param: click.Parameter, text: str | None) -> list[Fault] | None:
    names = text.split(",") if text else []
    if unknown := [name for name in names if name not in FAULTS]:
        raise click.BadParameter(f"expected some of {', '.join(FAULTS)}, got {unknown[0]}")
    return [FAULTS[name] for name in names] or None


@click.command(context_settings={"help_option_names": ["-h", "--help"]})
@click.option("--only", callback=_chosen, metavar="NAME,...", help="These faults and no others.")
@click.option("--seed", type=int, help="Of all choices, times and input; drawn unless given.")
@click.option("--runs", type=click.IntRange(1), default=1, help="Of each; the seed grows by 1.")
@click.option("--minutes", type=float, help="Go on with each fault for so long.")
@click.option("--quick", is_flag=True, help="A short run of the quick selection: three minutes.")
@click.option("--json", "as_json", is_flag=True, help="Print a JSON line for each run.")
@click.option("--list", "listed", is_flag=True, help="Print the names of the faults, and end.")
@click.option("--write", is_flag=True, help="Write the rows into docs/reliability.md.")
def main(
    only: list[Fault] | None,
    seed: int | None,
    runs: int,
    minutes: float | None,
    quick: bool,
    as_json: bool,
    listed: bool,
    write: bool,
) -> None:
    """Break a running flow, and compare what is left with an oracle.

    Real workers on Apache Kafka and redis-server, under load. Exit code 1: something was wrong; the
    laws that were broken are named, and where the logs are.

    \b
    Examples:
      python -m tests.faults --quick
      python -m tests.faults --only kill --minutes 15 --write
      python -m tests.faults --only sleeping-owner --seed 7
    """
    faults = only or [f for f in FAULTS.values() if not quick or f.quick_s is not None]
    if quick:
        faults = [fault.short() for fault in faults]
    if listed:
        for fault in faults:
            click.echo(f"{fault.name:<20} {fault.about}")
        return
    first = random.SystemRandom().randrange(1_000_000) if seed is None else seed
    progress = Progress(sys.stderr)
    folder = Path(tempfile.mkdtemp(prefix="touchline-faults-"))
    servers = Servers(folder)
    results = []
    try:
        for fault in faults:
            if (why := fault.why_not()) is not None:
                progress.begin(fault.name, first)
                progress.end(f"left out: {why}")
                continue
            seconds = fault.full_s if minutes is None else minutes * 60
            for number in range(first, first + runs):
                progress.begin(fault.name, number)
                place = folder / f"{fault.name}-{number}"
                result = perform(fault, number, seconds, servers, place, progress.say)
                results.append(result)
                _tell(result, progress, as_json)
    except MissingExtra as missing:
        raise click.ClickException(str(missing)) from None
    finally:
        servers.kill()
    if write:
        PAGE.write_text(written(PAGE.read_text(), rows(results), FAULTS))
    sys.exit(any(result.broken for result in results))


def _tell(result: Result, progress: Progress, as_json: bool) -> None:
    if as_json:
        click.echo(orjson.dumps(structs.asdict(result)))
    slowest = max(result.recoveries, default=0.0)
    counts = "".join(f", {n} {what}" for what, n in result.counts.items())
    progress.end(
        f"{'wrong' if result.broken else 'held'}: {result.events} events, {result.kills} kills"
        f"{counts}; back at work after {slowest:.1f} s at most; {result.seconds:.0f} s in all"
    )
    for name, of in result.usage.items():
        progress.end(f"  {name}: {of}")
    for law in result.broken:
        progress.end(f"  broken: {law}")
    if result.broken:
        progress.end(f"  logs: {result.logs}")


if __name__ == "__main__":
    main()
