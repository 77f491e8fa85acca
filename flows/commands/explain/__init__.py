"""`touchline explain`: why a customer is offered what they are offered, offer by offer."""

import difflib
import time
from datetime import UTC, datetime
from pathlib import Path

import click
import orjson
from msgspec import structs

from decisions.decide import EVERYTHING
from decisions.offering.explain import Told, tell
from decisions.playbook import Playbook
from decisions.segments import leave_unknown, move
from decisions.wake import wake
from flows.clients import check_redis
from flows.commands.customer.looking_up import look_up_or_end
from flows.commands.customer_id import customer_id
from flows.commands.explain.page import Explained, document, lines
from flows.commands.nearby import nearby_settings
from flows.commands.option_types import TIMES, FilledPath, redis_url
from flows.commands.playbook_file import read_playbook
from flows.settings import SettingsError
from state.profile import Profile, decode_profile, encode_profile
from state.times import milliseconds, rfc3339
from state.touchpoint import silence


@click.command(context_settings={"help_option_names": ["-h", "--help"]})
@click.argument("customer", metavar="ID", callback=customer_id)
@click.option("--offer", metavar="OFFER", help="Only this one.")
@click.option(
    "--at",
    type=click.DateTime(TIMES),
    metavar="TIME",
    help="When, if nothing happens before: a date or a time in UTC, such as 2026-11-27T08:00:00Z; "
    "not before the customer's last decision.  [default: now]",
)
@click.option(
    "--redis-url", metavar="URL", callback=redis_url, help="Instead of TOUCHLINE_REDIS_URL."
)
@click.option(
    "--playbook",
    type=FilledPath(),
    metavar="FILE",
    help="Whose offers are explained, instead of TOUCHLINE_PLAYBOOK.",
)
@click.option(
    "--partitions", type=click.IntRange(1, 1024), help="Instead of TOUCHLINE_PARTITIONS (16)."
)
@click.option("--json", "as_json", is_flag=True, help="One JSON object on one line.")
def command(
    customer: str,
    offer: str | None,
    at: datetime | None,
    redis_url: str | None,
    playbook: str | None,
    partitions: int | None,
    as_json: bool,
) -> None:
    """Say of each offer why the customer ID is served it, or where it stops.

    The code of the flow chooses once more, from a copy of what is kept of them, and tells what it
    did: the stage at which an offer stops (dates, consent, eligible, applicable, suitable,
    answered, quiet, capped, weight, cost, fallback, rival, outranked), with the condition and its
    values; or served, with the terms of its score and its rank. Nothing is changed anywhere. With
    another playbook than the flow's one sees what that would do.

    Exit codes: 0 told, 1 nothing is known of them, no such offer, a time that is past, a wrong
    playbook, or wrong settings, 2 wrong options, or Redis does not answer.

    \b
    Examples:
      touchline explain c-000001
      touchline explain c-000001 --offer welcome
      touchline explain c-000001 --at 2026-12-24T18:00:00Z
      touchline explain c-000001 --playbook next.yaml --json
    """
    try:
        settings = nearby_settings(redis_url, None)
        url = redis_url or settings.redis_url
        check_redis(url)
    except SettingsError as error:
        raise click.ClickException(str(error)) from None
    book = read_playbook(Path(playbook or settings.playbook), as_json=as_json)
    if offer is not None and offer not in book.offers:
        raise click.ClickException(_unknown(offer, book))
    profile = look_up_or_end(url, customer, partitions or settings.partitions).profile
    now_ms = time.time_ns() // 1_000_000
    at_ms = max(now_ms, profile.decided_at) if at is None else milliseconds(at.replace(tzinfo=UTC))
    if at_ms < profile.decided_at:
        raise click.ClickException(
            f"--at: expected a time not before the last decision, {rfc3339(profile.decided_at)}, "
            f"got {rfc3339(at_ms)}; what was decided before stands in the warehouse: "
            "`touchline warehouse sql` shows the records of offer.decided"
        )
    told = explained(profile, customer, book, at_ms)
    if offer is not None:
        told = tuple(one for one in told if one.offer == offer)
    what = Explained(customer, at_ms, book.version, profile.playbook, told)
    if as_json:
        click.echo(orjson.dumps(document(what)))
        return
    for line in lines(what):
        click.echo(line)


def explained(profile: Profile, customer: str, playbook: Playbook, at_ms: int) -> tuple[Told, ...]:
    """What becomes of each offer at `at_ms` if nothing happens before. Leaves `profile` alone."""
    copy = decode_profile(encode_profile(profile))
    if copy.playbook.partition("+")[0] == playbook.version:
        wake(copy, customer, playbook, at_ms)
    else:  # who is in which of its segments
        nobody = silence(customer, at_ms, 1)
        leave_unknown(copy, nobody, playbook, None)
        move(copy, nobody, playbook.due(EVERYTHING), EVERYTHING, at_ms)
    made = {one.decision_id.hex() for one in profile.proposals}
    return tuple(
        one if one.decision_id in made else structs.replace(one, decision_id="")
        for one in tell(copy, customer, playbook, at_ms)
    )


def _unknown(offer: str, playbook: Playbook) -> str:
    near = difflib.get_close_matches(offer, playbook.offers, 1)
    hint = f"; did you mean {near[0]!r}?" if near else ""
    return f"--offer: expected one of {', '.join(playbook.offers) or 'none'}, got {offer!r}{hint}"
