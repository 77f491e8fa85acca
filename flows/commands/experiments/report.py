"""`touchline experiments report`: what an experiment has shown."""

import contextlib
from datetime import UTC, datetime

import click
import orjson

from connectors.warehouse.ask import open_warehouse
from connectors.warehouse.errors import WarehouseUnavailable
from connectors.warehouse.outcomes import Period, Success
from decisions.experimenting.judge import judge, usual_reference
from decisions.language.errors import nearest
from decisions.offering.experiments import Experiment, is_control
from decisions.playbook import Playbook
from flows.commands.experiments.counting import Counted, counted
from flows.commands.experiments.document import Report, document
from flows.commands.experiments.opening import known, opened, playbook_option
from flows.commands.experiments.page import lines
from flows.commands.option_types import TIMES
from flows.commands.warehouse.opening import one_sentence, url_option, warehouse_url
from flows.commands.warehouse.patience import interruptible, waiting


@click.command("report", context_settings={"help_option_names": ["-h", "--help"]})
@click.argument("name", metavar="EXPERIMENT")
@click.option(
    "--success",
    type=click.Choice(["accepted", "clicked", "orders", "revenue"]),
    help="What counts: customers who accepted or clicked an offer, or ordered; or what they paid.  "
    "[default: accepted; orders for a control]",
)
@click.option(
    "--since",
    type=click.DateTime(TIMES),
    metavar="TIME",
    help="When the experiment began, a date or a time in UTC such as 2026-11-01T08:00:00Z.  "
    "[default: all that is there]",
)
@click.option("--until", type=click.DateTime(TIMES), metavar="TIME", help="Before this time.")
@click.option(
    "--reference",
    metavar="ARM",
    help="The arm that others are compared with.  [default: control, else the first]",
)
@playbook_option
@url_option
@click.option("--json", "as_json", is_flag=True, help="One JSON object on one line.")
def command(
    name: str,
    success: Success | None,
    since: datetime | None,
    until: datetime | None,
    reference: str | None,
    playbook: str | None,
    url: str | None,
    as_json: bool,
) -> None:
    """Say what EXPERIMENT, or a control (control, control.GROUP), has shown.

    Everybody who was seen in the period counts, once, in the arm that the playbook deals them,
    whether or not they were offered anything, and with all that came of them in the period. Each
    arm is compared with a reference, by two intervals: one that may be looked at daily, and one
    that is right at a single time set beforehand. It also says whether the arms are as large as
    the playbook says, and whether recorded decisions name the same arms.

    Exit codes: 0 told (also that it is not to be trusted), 1 no such experiment or arm, nobody was
    seen, the warehouse cannot be read, a wrong playbook, or wrong settings, 2 wrong options, 130
    interrupted.

    \b
    Examples:
      touchline experiments report tone
      touchline experiments report tone --success revenue --since 2026-11-01 --reference plain
      touchline experiments report control --json
    """
    period = Period(since and since.replace(tzinfo=UTC), until and until.replace(tzinfo=UTC))
    if since is not None and until is not None and since >= until:
        raise click.UsageError("--until: expected a time after --since")
    book = opened(playbook, as_json=as_json)
    experiment = known(book, name)
    against = _arm(experiment, reference)
    asked: Success = success or ("orders" if is_control(experiment.id) else "accepted")
    at = warehouse_url(url)
    with one_sentence():
        found = _counted(at, book, experiment, asked, period)
    if not found.span.events:
        raise click.ClickException(
            f"{at}: nobody was seen {_words(period)}; expected events in the table touchpoints: "
            "check --since, --until and --url, and that `touchline run warehouse` runs"
        )
    judged = judge(experiment, against, found.tallies, means=asked == "revenue")
    told = Report(experiment, asked, period, found, judged)
    if as_json:
        click.echo(orjson.dumps(document(told)))
        return
    for line in lines(told):
        click.echo(line)


def _arm(experiment: Experiment, name: str | None) -> str:
    """The reference."""
    arms = [arm for arm, _ in experiment.arms]
    if name is None:
        return usual_reference(experiment)
    if name not in arms:
        near = nearest(name, arms)
        meant = f'; did you mean "{near}"?' if near else ""
        raise click.ClickException(
            f'no arm "{name}" of {experiment.id}; expected one of {", ".join(arms)}{meant}'
        )
    return name


def _words(period: Period) -> str:
    since, until = (moment and f"{moment:%Y-%m-%d %H:%M:%S}" for moment in period)
    said = [f"since {since}" if since else "", f"before {until}" if until else ""]
    return " and ".join(filter(None, said)) or "at all"


def _counted(
    url: str, book: Playbook, experiment: Experiment, success: Success, period: Period
) -> Counted:
    """Counted once more when a file of the tables went in between."""
    with contextlib.ExitStack() as stack:
        for last in (False, True):
            warehouse = stack.enter_context(open_warehouse(url))
            stack.enter_context(interruptible(warehouse.connection))
            with waiting(warehouse.connection):
                try:
                    return counted(warehouse, book, experiment, success, period)
                except WarehouseUnavailable:
                    if last:
                        raise
    raise AssertionError("the second attempt returns or raises")
