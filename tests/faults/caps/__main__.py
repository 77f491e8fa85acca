"""The big run of the cap checker.

python -m tests.faults.caps --events 1000000
"""

import random
import shutil
import sys
import tempfile
from math import ceil
from pathlib import Path

import click
import orjson

from decisions.learning.policies.kinds import POLICIES
from flows.local.services import MissingExtra
from tests.brokers.kafka_broker import KafkaBroker
from tests.brokers.redis_server import RedisServer
from tests.faults.caps.audience import Pace
from tests.faults.caps.report import plain, told
from tests.faults.caps.run import Order, perform
from tests.faults.progress import Progress
from tests.faults.stage.arena import Late

EVENTS_A_UNIT = 10_000
"""By this a soft budget is spent about in the middle of a run."""


@click.command(context_settings={"help_option_names": ["-h", "--help"]})
@click.option(
    "--events",
    type=click.IntRange(1_000),
    default=1_000_000,
    show_default=True,
    help="With answers and repeats.",
)
@click.option("--seed", type=int, help="Of all choices and input; drawn unless given.")
@click.option(
    "--customers", type=click.IntRange(1), default=1_000, show_default=True, help="Who do it all."
)
@click.option(
    "--rate",
    type=click.FloatRange(1),
    default=1_000.0,
    show_default=True,
    help="Events a second, answers not counted.",
)
@click.option(
    "--pages",
    type=click.FloatRange(0),
    default=40.0,
    show_default=True,
    help="Customers a second who look at their offers, each up to six times in a row.",
)
@click.option(
    "--kill-every",
    type=click.FloatRange(1),
    default=20.0,
    show_default=True,
    help="Seconds from one kill -9 to the next, on average.",
)
@click.option(
    "--minutes", type=float, default=25.0, show_default=True, help="Send no longer than this."
)
@click.option(
    "--control",
    is_flag=True,
    help="Take the policy out of the flow's playbook: the checker must find violations.",
)
@click.option(
    "--learning",
    type=click.Choice(list(POLICIES)),
    default="thompson",
    show_default=True,
    help="The playbook's learning.policy; with linear it has features, too.",
)
@click.option(
    "--budgets",
    is_flag=True,
    help="Two pairs of offers share a budget each, one of them hard.",
)
@click.option(
    "--products", is_flag=True, help="Three offers name products that sell out and come back."
)
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object, no tables.")
def main(
    events: int,
    seed: int | None,
    customers: int,
    rate: float,
    pages: float,
    kill_every: float,
    minutes: float,
    control: bool,
    learning: str,
    budgets: bool,
    products: bool,
    as_json: bool,
) -> None:
    """Count again what caps count, over a flow that is killed while it decides.

    Two flow processes on Apache Kafka and redis-server, under a playbook whose every cap binds all
    the time; customers whose events come twice, late and out of order; an audience that reads the
    serving keys and answers. At the end a checker that knows the playbook's file, the events and
    what was published prints its table.

    \b
    Examples:
      python -m tests.faults.caps
      python -m tests.faults.caps --events 20000 --customers 300 --kill-every 5
      python -m tests.faults.caps --events 20000 --customers 300 --control
      python -m tests.faults.caps --events 20000 --customers 300 --budgets --products
      python -m tests.faults.caps --events 200000 --learning linear --budgets --products
      python -m tests.faults.caps --json > caps.json

    Progress goes to stderr. Exit codes: 0 no violation, and every cap and budget bound at times
    (with --control: every cap was exceeded), 1 anything else, 2 wrong options.
    """
    drawn = random.SystemRandom().randrange(1_000_000) if seed is None else seed
    order = Order(
        pace=Pace(customers, events, rate, pages),
        seed=drawn,
        kill_every_s=kill_every,
        quiet_after_s=min(events / rate / 5, 180),
        most_s=minutes * 60,
        policy=not control,
        learning=learning,
        units=ceil(events / EVENTS_A_UNIT) if budgets else 0,
        products=products,
    )
    progress = Progress(sys.stderr)
    progress.begin("caps", drawn)
    folder = Path(tempfile.mkdtemp(prefix="touchline-caps-"))
    kafka, redis = KafkaBroker(folder / "kafka"), RedisServer(folder / "redis")
    try:
        kafka.start()
        redis.start()
        report = perform(order, kafka, redis, folder, progress.say)
    except MissingExtra as missing:
        raise click.ClickException(str(missing)) from None
    except Late as late:
        raise click.ClickException(f"{late}; logs: {folder}") from None
    finally:
        kafka.kill()
        redis.kill()
    if report.holds:
        shutil.rmtree(folder)  # a gigabyte of Kafka's
    progress.end("held" if report.holds else f"wrong; logs: {folder}")
    click.echo(orjson.dumps(plain(report)) if as_json else told(report))
    sys.exit(not report.holds)


if __name__ == "__main__":
    main()
