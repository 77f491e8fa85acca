"""`python -m dashboards.prove`: does every query and every rule have an answer?"""

import sys
import tempfile
from pathlib import Path

import click
import msgspec

from dashboards.board_file import InvalidFile
from dashboards.places import BOARDS
from dashboards.prove.prometheus import PrometheusError
from dashboards.prove.proof import Proof, prove, read_all
from flows.commands.up import TROUBLE
from flows.local.session import Interrupts
from flows.local.stack import Stopped

STOPPED = 130


@click.command(context_settings={"help_option_names": ["-h", "--help"]})
@click.option("--json", "as_json", is_flag=True, help="The result as one JSON line.")
@click.option(
    "--boards",
    type=click.Path(exists=True, file_okay=False, path_type=Path),
    default=BOARDS,
    help="The folder of boards to ask.  [default: dashboards/grafana/boards]",
)
def main(as_json: bool, boards: Path) -> None:
    """Ask every query of the boards, and every rule, of a live flow; within a minute.

    Starts Kafka, Redis, both flows and simulated customers on free loopback ports, and a real
    Prometheus that scrapes them with our configuration, once a second. Then each query of a panel
    is asked as Grafana would: with all values of the variables, and with every value chosen. An
    error is a failure, and so is an answer without a number within 45 s. Everything is in a
    temporary folder and ends with this command.

    Exit codes: 0 all answered, 1 something had no answer, or could not be started or read, 2 wrong
    options, 130 stopped by Ctrl-C or SIGTERM.

    \b
    Examples:
      python -m dashboards.prove          what `make dashboards-check` runs
      python -m dashboards.prove --json   the numbers and the failures, for a program
    """
    interrupts = Interrupts()
    with interrupts.caught(), tempfile.TemporaryDirectory(prefix="touchline-") as scratch:
        try:
            proof = prove(Path(scratch), read_all(boards), interrupts, _say)
        except (InvalidFile, PrometheusError, *TROUBLE) as trouble:
            raise click.ClickException(str(trouble)) from None
        except (Stopped, KeyboardInterrupt):
            _say("stopped before the end; nothing is proved")
            sys.exit(STOPPED)
    _tell(proof, as_json)
    sys.exit(1 if proof.failures else 0)


def _tell(proof: Proof, as_json: bool) -> None:
    if as_json:
        click.echo(msgspec.json.encode(proof))
        return
    for failure in proof.failures:
        click.echo(failure.line())
    if proof.firing:
        click.echo(f"alerts that fired meanwhile, which is no failure: {', '.join(proof.firing)}")
    click.echo(proof.closing())


def _say(text: str) -> None:
    click.echo(text, err=True)


if __name__ == "__main__":
    main()
