"""What a customer would be served now, or at another time: of each offer where it stops."""

import difflib
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import NamedTuple

import click
import orjson
from msgspec import structs

from decisions.decide import EVERYTHING
from decisions.offering.explain import Told, tell
from decisions.playbook import Playbook
from decisions.segments import leave_unknown, move
from decisions.wake import wake
from decisions.world import BARE, World
from flows.clients import check_redis
from flows.commands.customer.looking_up import look_up_or_end
from flows.commands.explain.known_world import known_world
from flows.commands.explain.page import Explained, document, lines
from flows.commands.nearby import nearby_settings
from flows.commands.playbook_file import read_playbook
from flows.settings import SettingsError
from state.profile import Profile, decode_profile, encode_profile
from state.times import milliseconds, rfc3339
from state.touchpoint import silence


class Asked(NamedTuple):
    """What the options say of a choice that is made once more."""

    offer: str | None
    at: datetime | None
    redis_url: str | None
    playbook: str | None
    partitions: int | None


def explain_now(customer: str, asked: Asked, *, as_json: bool) -> None:
    """Chooses once more, from a copy of what is kept of the customer, and prints what it did."""
    try:
        settings = nearby_settings(asked.redis_url, None)
        url = asked.redis_url or settings.redis_url
        check_redis(url)
    except SettingsError as error:
        raise click.ClickException(str(error)) from None
    book = read_playbook(Path(asked.playbook or settings.playbook), as_json=as_json)
    offer = asked.offer
    if offer is not None and offer not in book.offers:
        raise click.ClickException(_unknown(offer, book))
    known = look_up_or_end(url, customer, asked.partitions or settings.partitions)
    profile = known.profile
    at_ms = _moment(asked.at, profile)
    told = explained(profile, customer, book, at_ms, known_world(url, known.shard, book))
    if offer is not None:
        told = tuple(one for one in told if one.offer == offer)
    what = Explained(customer, at_ms, book.version, profile.playbook, told)
    if as_json:
        click.echo(orjson.dumps(document(what)))
        return
    for line in lines(what):
        click.echo(line)


def _moment(at: datetime | None, profile: Profile) -> int:
    """When it is asked about, in milliseconds since the epoch: now, or later."""
    now_ms = time.time_ns() // 1_000_000
    at_ms = max(now_ms, profile.decided_at) if at is None else milliseconds(at.replace(tzinfo=UTC))
    if at_ms < profile.decided_at:
        raise click.ClickException(
            f"--at: expected a time not before the last decision, {rfc3339(profile.decided_at)}, "
            f"got {rfc3339(at_ms)}; --decision explains what was decided before, from its record"
        )
    return at_ms


def explained(
    profile: Profile, customer: str, playbook: Playbook, at_ms: int, world: World = BARE
) -> tuple[Told, ...]:
    """What becomes of each offer at `at_ms` if nothing happens before, and the world stays as it
    is. Leaves `profile` alone."""
    copy = decode_profile(encode_profile(profile))
    if copy.playbook.partition("+")[0] == playbook.version:
        wake(copy, customer, playbook, at_ms, world)
    else:  # who is in which of its segments
        nobody = silence(customer, at_ms, 1)
        leave_unknown(copy, nobody, playbook, None)
        move(copy, nobody, playbook.due(EVERYTHING), EVERYTHING, at_ms)
    made = {one.decision_id.hex() for one in profile.proposals}
    return tuple(
        one if one.decision_id in made else structs.replace(one, decision_id="")
        for one in tell(copy, customer, playbook, at_ms, world)
    )


def _unknown(offer: str, playbook: Playbook) -> str:
    near = difflib.get_close_matches(offer, playbook.offers, 1)
    hint = f"; did you mean {near[0]!r}?" if near else ""
    return f"--offer: expected one of {', '.join(playbook.offers) or 'none'}, got {offer!r}{hint}"
