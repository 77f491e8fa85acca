"""`touchline simulate`: the options, the signals and the closing words; the rest is elsewhere."""

import contextlib
import os
import sys
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from types import FrameType

import click
from msgspec.json import encode

from flows.clients import check_kafka, check_redis
from flows.commands.option_types import (
    CUSTOMERS,
    LEAST_PER_S,
    MOST_PER_S,
    SECONDS,
    FilledPath,
    FiniteRange,
    kafka_servers,
    redis_url,
)
from flows.commands.signals import caught
from flows.settings import Settings, SettingsError, read_settings
from flows.simulate.run import CHANNELS, Order, Summary, Tally, run, start_of
from flows.simulate.sinks import KafkaAbsentError, KafkaSink, LinesSink
from flows.simulate.website import Website

RATE = 200.0
PROGRESS_S = 3
MOST_EVENTS = 10_000_000_000
"""As fast as possible and ending now, more would begin too long ago."""
FIRST, LAST = datetime(1971, 1, 1, tzinfo=UTC), datetime(3000, 1, 1, tzinfo=UTC)
"""Between them a simulation may start: some of its events are hours older."""

EPILOG = """\b
Examples:
  touchline simulate                               200 events a second until Ctrl-C
  touchline simulate --rate 2000 --for 60 --json   a minute, and one JSON line at the end
  touchline simulate --count 1000000 --rate 0      fill the topics as fast as possible
  touchline simulate --count 20 --out -            20 events on the screen, no Kafka needed
"""


class Stop:
    """Set by Ctrl-C and SIGTERM, asked by everything that waits."""

    def __init__(self) -> None:
        self.set = False

    def __call__(self) -> bool:
        """Whether it came."""
        return self.set

    def on_signal(self, _number: int, _frame: FrameType | None) -> None:
        """The signal handler."""
        self.set = True


def _start(_ctx: click.Context, _param: click.Parameter, text: str | None) -> int | None:
    if text is None:
        return None
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        moment = None
    if moment is None or moment.tzinfo is None:
        raise click.BadParameter(f"expected a time like 2026-01-31T12:00:00Z, got {text!r}")
    if not FIRST <= moment < LAST:
        raise click.BadParameter(f"expected a year from {FIRST.year} to {LAST.year - 1}")
    return int(moment.timestamp() * 1_000)


def _rate(_ctx: click.Context, _param: click.Parameter, rate: float | None) -> float | None:
    if rate is not None and 0 < rate < LEAST_PER_S:
        raise click.BadParameter(f"expected 0, or {LEAST_PER_S} and more, got {rate:g}")
    return rate


@click.command(
    epilog=EPILOG,
    short_help="A seeded population that writes events and answers offers.",
    context_settings={"help_option_names": ["-h", "--help"]},
)
@click.option(
    "--count", type=click.IntRange(1, MOST_EVENTS), help="Events to send.  [default: endless]"
)
@click.option(
    "--for",
    "seconds",
    metavar="SECONDS",
    type=SECONDS,
    help="Stop after so many seconds; wait for an absent Kafka no longer, either.  "
    "[default: endless]",
)
@click.option(
    "--rate",
    type=FiniteRange(0, MOST_PER_S),
    callback=_rate,
    help="Events a second; 0 = as fast as possible, their times ending now and 200 a second, "
    "without answers.  [default: 200; with --out 0]",
)
@click.option(
    "--customers",
    type=CUSTOMERS,
    default=5_000,
    show_default=True,
    help="How many people there are: c-000001, who comes most often, c-000002, ...",
)
@click.option(
    "--seed",
    type=int,
    default=1,
    show_default=True,
    help="Same seed, same events, apart from times, ids and answers.",
)
@click.option(
    "--start",
    "start_ms",
    metavar="TIME",
    callback=_start,
    help="When the first event happened (RFC 3339); with the same seed, the same bytes.",
)
@click.option(
    "--bootstrap-servers",
    callback=kafka_servers,
    help="Kafka.  [default: $TOUCHLINE_KAFKA_BOOTSTRAP_SERVERS]",
)
@click.option(
    "--redis-url",
    callback=redis_url,
    help="Where offers are read.  [default: $TOUCHLINE_REDIS_URL]",
)
@click.option("--no-answers", is_flag=True, help="Read no offers and answer none.")
@click.option("--fail-fast", is_flag=True, help="Exit when Kafka is absent at the start.")
@click.option(
    "--out",
    type=FilledPath(dir_okay=False, writable=True, allow_dash=True),
    help="Write JSON lines to this file (- = stdout) instead of Kafka; no answers then.",
)
@click.option("--json", "as_json", is_flag=True, help="The closing summary as one JSON line.")
def command(
    count: int | None,
    seconds: float | None,
    rate: float | None,
    customers: int,
    seed: int,
    start_ms: int | None,
    bootstrap_servers: str | None,
    redis_url: str | None,
    no_answers: bool,
    fail_fast: bool,
    out: str | None,
    as_json: bool,
) -> None:
    """A seeded population of customers that writes events and answers offers.

    People browse, fill carts and order, read campaign mails, chat, and use kiosks, some of which
    fail; 1 % of the events come twice, 1 % late and 0.1 % broken. The events go to the topics
    touchpoints.click, .email, .chat and .kiosk. Who looks at a page is shown the offers that
    Redis holds for them, and may click, accept or dismiss one.

    Ctrl-C and SIGTERM end it within 2 s. At the end of --for, events are given up once Kafka has
    acknowledged none for 3 s.

    Exit codes: 0 all was delivered, or nobody reads its output any more, 1 wrong settings, Kafka
    was absent for as long as --for says (with --fail-fast, at the start), events were not
    delivered, or the file could not be written, 2 wrong options.
    """
    if as_json and out == "-":
        raise click.UsageError("--json and --out - both want stdout; write to a file, or drop one")
    if rate is None:
        rate = 0.0 if out else RATE

    def order() -> Order:
        # Asked for when all is ready, since time may pass until then.
        now_ms = time.time_ns() // 1_000_000
        begin_ms = start_of(now_ms, rate, count) if start_ms is None else start_ms
        return Order(seed, customers, begin_ms, rate, count, seconds)

    stop = Stop()
    summary: Summary | None
    with caught(stop.on_signal):
        if out is not None:
            summary = _into_file(order(), out, stop)
        else:
            settings = _settings(bootstrap_servers, redis_url, fail_fast)
            sink = KafkaSink(settings.kafka_config, _say, stop, flat_out=rate == 0)
            # As fast as possible, the events are of the past: nobody is there to look at an offer.
            website = None
            if rate and not no_answers:
                website = Website(settings.redis_url, seed, _say)
            wait_s = 0 if settings.fail_fast else seconds
            summary = _into_kafka(order, sink, website, stop, wait_s)
        if summary is not None:
            _close(summary, as_json, to_stderr=out == "-")


def _close(summary: Summary, as_json: bool, *, to_stderr: bool) -> None:
    """The closing words; lost events end with 1, also when nobody reads of them any more."""
    try:
        click.echo(encode(summary).decode() if as_json else _words(summary), err=to_stderr)
    finally:
        if summary.failed:
            sys.exit(1)


def _settings(bootstrap_servers: str | None, redis_url: str | None, fail_fast: bool) -> Settings:
    environ = dict(os.environ)
    if bootstrap_servers is not None:
        environ["TOUCHLINE_KAFKA_BOOTSTRAP_SERVERS"] = bootstrap_servers
    if redis_url is not None:
        environ["TOUCHLINE_REDIS_URL"] = redis_url
    if fail_fast:
        environ["TOUCHLINE_FAIL_FAST"] = "1"
    try:
        settings = read_settings(environ)
        check_kafka(settings.kafka_config)
        check_redis(settings.redis_url)
    except SettingsError as error:
        raise click.ClickException(str(error)) from None
    return settings


def _into_kafka(
    make_order: Callable[[], Order],
    sink: KafkaSink,
    website: Website | None,
    stop: Stop,
    wait_s: float | None,
) -> Summary | None:
    """None when stopped before Kafka answered, which is waited for `wait_s` seconds (None: for
    ever)."""
    with contextlib.closing(website) if website else contextlib.nullcontext():
        try:
            if not sink.connect(CHANNELS, wait_s):
                return None
        except KafkaAbsentError as absent:
            raise click.ClickException(str(absent)) from None
        return run(make_order(), sink, website, stop, _progress)


def _into_file(order: Order, out: str, stop: Stop) -> Summary:
    try:
        if out != "-":
            with Path(out).open("wb") as file:
                return run(order, LinesSink(file), None, stop, _progress)
        return run(order, LinesSink(sys.stdout.buffer), None, stop, _progress)
    except OSError as error:
        raise click.ClickException(
            f"--out {out}: cannot be written: {error.strerror}; name another file"
        ) from None


def _say(text: str) -> None:
    click.echo(text, err=True)


def _progress(tally: Tally, seconds: float) -> None:
    if sys.stderr.isatty() and int(seconds) % PROGRESS_S == 0:
        sent = tally.events.total()
        _say(f"{sent:,} events, {sent / seconds:,.0f}/s; {tally.answers.total():,} answers")


def _words(summary: Summary) -> str:
    events = ", ".join(f"{name} {count:,}" for name, count in summary.events.items())
    answers = ", ".join(f"{name} {count:,}" for name, count in summary.answers.items())
    return (
        f"{sum(summary.events.values()):,} events in {summary.seconds:,.1f} s: {events}\n"
        f"of them {summary.duplicates:,} duplicates, {summary.late:,} late, "
        f"{summary.broken:,} broken\n"
        f"{sum(summary.answers.values()):,} answers to offers{': ' if answers else ''}{answers}\n"
        f"{summary.delivered:,} delivered, {summary.failed:,} not delivered"
    )
