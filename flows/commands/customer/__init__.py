"""`touchline customer`: what is known of one customer, on one page."""

import shutil
import sys
import time
from contextlib import ExitStack

import click
import orjson

from flows.clients import check_redis
from flows.commands.customer.document import document
from flows.commands.customer.history import NOT_ASKED, Asking, History, Question
from flows.commands.customer.looking_up import look_up_or_end
from flows.commands.customer.page import SHOWN_ALERTS, last_alerts, page
from flows.commands.customer.rows import HEADING_COLUMNS, LEAST_COLUMNS, LIST_COLUMNS, lines_of
from flows.commands.customer.titles import read_titles
from flows.commands.customer_id import customer_id
from flows.commands.nearby import nearby_settings
from flows.commands.option_types import FilledPath, redis_url, warehouse_address
from flows.settings import SettingsError

MOST_TOUCHPOINTS = 10_000


@click.command(context_settings={"help_option_names": ["-h", "--help"]})
@click.argument("customer", metavar="ID", callback=customer_id)
@click.option(
    "--touchpoints",
    type=click.IntRange(0, MOST_TOUCHPOINTS),
    default=20,
    show_default=True,
    metavar="N",
    help="How many of the last ones to show; 0 = do not ask the warehouse.",
)
@click.option(
    "--redis-url",
    metavar="URL",
    callback=redis_url,
    help="Instead of TOUCHLINE_REDIS_URL.",
)
@click.option(
    "--warehouse-url",
    metavar="URL",
    callback=warehouse_address,
    help="Instead of TOUCHLINE_WAREHOUSE_URL.",
)
@click.option(
    "--playbook",
    type=FilledPath(),
    metavar="FILE",
    help="Whose titles are shown, instead of TOUCHLINE_PLAYBOOK.",
)
@click.option(
    "--partitions", type=click.IntRange(1, 1024), help="Instead of TOUCHLINE_PARTITIONS (16)."
)
@click.option("--json", "as_json", is_flag=True, help="One JSON object on one line.")
def command(
    customer: str,
    touchpoints: int,
    redis_url: str | None,
    warehouse_url: str | None,
    playbook: str | None,
    partitions: int | None,
    as_json: bool,
) -> None:
    """Show what is known of the customer ID, on one page.

    Who they are, segments with since when, the offers they are served and why, the last alerts,
    what others were asked for, cart, orders, interests, channels, and from the warehouse their last
    touchpoints. Times are UTC.
    The warehouse is some seconds behind, and the page says as of when; when it cannot be asked
    within 20 s, the page says why and shows the rest.

    Exit codes: 0 shown, 1 nothing is known of them, what is kept of them cannot be read, or wrong
    settings, 2 wrong options, or Redis does not answer.

    \b
    Examples:
      touchline customer c-000001
      touchline customer c-000001 --touchpoints 100 --warehouse-url /data/warehouse
      touchline customer c-000001 --json --redis-url redis://127.0.0.1:6379/0
    """
    try:
        settings = nearby_settings(redis_url, warehouse_url)
        url = redis_url or settings.redis_url
        check_redis(url)
    except SettingsError as error:
        raise click.ClickException(str(error)) from None
    partitions = partitions or settings.partitions
    history = History(warehouse_url or settings.warehouse_url, missing=NOT_ASKED)
    with ExitStack() as asked:
        if touchpoints:
            # Asked first: it takes longest, and Redis and the playbook meanwhile.
            question = Question(history.url, customer, touchpoints, SHOWN_ALERTS)
            asking = asked.enter_context(Asking(question))
        known = look_up_or_end(url, customer, partitions)
        titles = read_titles(playbook or settings.playbook)
        if touchpoints:
            history = asking.answer()
    now_ms = time.time_ns() // 1_000_000
    if as_json:
        alerts = last_alerts(known.profile, history, titles)
        click.echo(orjson.dumps(document(known, history, alerts, titles)))
        return
    columns = shutil.get_terminal_size().columns if sys.stdout.isatty() else None
    list_columns = (
        LIST_COLUMNS if columns is None else max(columns - HEADING_COLUMNS, LEAST_COLUMNS)
    )
    for line in lines_of(page(known, history, titles, now_ms, list_columns), columns):
        click.echo(line)
