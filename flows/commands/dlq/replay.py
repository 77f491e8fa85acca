"""`touchline dlq replay`: events written to their topics again, each once."""

import sys
import time
from typing import Any

import click
import orjson

from connectors.events.dead_letter import Reason
from connectors.kafka.replayer import ReplayFenced, kept_for_good, transactions_hold
from connectors.kafka.topics import REPLAYED
from flows.commands.dlq.left import WORDS
from flows.commands.dlq.mending import BadProgram, Fix
from flows.commands.dlq.opening import (
    Opened,
    channels_option,
    opened,
    reasons_option,
    say_unknown,
    say_unreadable,
    servers_option,
    since_ms,
    since_option,
)
from flows.commands.dlq.replaying import Account, Replay
from flows.commands.dlq.selection import Place, Selection, places
from flows.commands.phrases import count, printable
from flows.commands.progress import telling

FENCED = 3

EPILOG = """\b
Examples:
  touchline dlq replay --reason undecidable --dry-run
  touchline dlq replay --reason undecidable --since 2h
  touchline dlq replay --reason invalid --channel kiosk --fix '.userId |= tostring'
  touchline dlq replay --place 3@41 --place 7@12
"""


def _program(_ctx: click.Context, _param: click.Parameter, text: str | None) -> Fix | None:
    try:
        return None if text is None else Fix(text)
    except BadProgram as error:
        raise click.BadParameter(f"expected a jq program, got {text!r}: {error}") from None


@click.command("replay", epilog=EPILOG, context_settings={"help_option_names": ["-h", "--help"]})
@reasons_option
@channels_option
@since_option
@click.option(
    "--place",
    "at",
    multiple=True,
    metavar="PLACE",
    callback=places,
    help="Only this one: a partition and offset of touchpoints.dead-letter, such as 3@41, or the "
    "event's own place, such as touchpoints.click[3]@4711. Repeatable.",
)
@click.option(
    "--fix",
    metavar="EXPR",
    callback=_program,
    help="A jq program that makes one object of each event's, the messageId as it was.",
)
@click.option("--dry-run", is_flag=True, help="Say what would be done, and write nothing.")
@servers_option
@click.option("--json", "as_json", is_flag=True, help="One JSON object on one line.")
def command(
    reasons: tuple[str, ...],
    channels: tuple[str, ...],
    age_ms: int | None,
    at: tuple[Place, ...],
    fix: Fix | None,
    dry_run: bool,
    bootstrap_servers: str | None,
    as_json: bool,
) -> None:
    """Write events to their topics again, so that the flow takes them now.

    Value, key and headers as they were, and the messageId in any case. To replay twice is once,
    also when this was killed in the middle or runs twice at the same time: each letter that is
    written again is marked so in the same Kafka transaction. A letter without a value, or one that
    was cut, is left where it is and counted, as is one that --fix does not mend.

    What is refused again is a new dead letter and counts towards the share at which the flow stops
    (TOUCHLINE_DEAD_LETTER_PERCENT): --dry-run says how many would be, as far as this version's
    decoder can tell. Messages of a --fix that fails may hold customers' data.

    Exit codes: 0 done, 1 wrong settings, Kafka does not answer, or its transactions do not hold,
    2 wrong options, 3 another replay has begun since and goes on with the same letters.
    """
    if not (reasons or at):
        raise click.UsageError("expected --reason or --place: which dead letters?")
    asked = Selection(tuple(map(Reason, reasons)), channels, since_ms(age_ms), at)
    with opened(bootstrap_servers) as kafka, telling() as tell:
        replay = Replay(kafka, asked, fix, time.time_ns() // 1_000_000, tell)
        try:
            if dry_run:
                replay.look()
            else:
                _check(kafka)
                replay.do()
            fenced = False
        except ReplayFenced:
            fenced = True
    account = replay.account
    if as_json:
        click.echo(orjson.dumps(_described(account, dry_run)))
    else:
        _print(account, dry_run)
    if not (account.replayed or account.already or account.left):
        say_unknown(channels, kafka.channels, [])
    say_unreadable(account.unreadable)
    if fenced:
        click.echo(
            "Error: another replay has begun since; it goes on with the same letters, and none is "
            "written twice",
            err=True,
        )
        sys.exit(FENCED)


def _check(kafka: Opened) -> None:
    if not transactions_hold(kafka.config):
        raise click.ClickException(
            "this is the embedded Kafka of `touchline up`, whose transactions do not hide what was "
            "given up: a replay that is killed would write events twice. Expected Apache Kafka or "
            "what keeps its promises; --dry-run works here"
        )
    if kafka.marks is None:
        raise click.ClickException(
            f"no topic {REPLAYED}, where it is marked what has been replayed: `touchline topics "
            "create` makes it"
        )
    if not kept_for_good(kafka.config, REPLAYED):
        raise click.ClickException(
            f"topic {REPLAYED}: expected cleanup.policy=compact, as what it forgets would be "
            "replayed a second time; set it so with the tools of your Kafka"
        )


def _described(account: Account, dry_run: bool) -> dict[str, Any]:
    return {
        "dry_run": dry_run,
        "replayed": account.replayed,
        "already_replayed": account.already,
        "refused_again": {str(reason): n for reason, n in account.refused_again.items()},
        "left": {str(why): n for why, n in account.left.items()},
        "examples": [{"place": where, "why": why} for where, why in account.examples],
    }


def _print(account: Account, dry_run: bool) -> None:
    done = "would be replayed" if dry_run else "replayed"
    click.echo(f"{count(account.replayed, 'dead letter')} {done}")
    if account.refused_again:
        told = ", ".join(f"{reason} {n:,}" for reason, n in account.refused_again.most_common())
        click.echo(f"of these, as events are judged now, refused again: {told}")
    if account.already:
        click.echo(f"{account.already:,} had been replayed before")
    for why, n in account.left.most_common():
        click.echo(f"{n:,} left, each of which {WORDS[why]}")
    for where, told in account.examples:
        click.echo(f"  {where} {printable(told)}")
