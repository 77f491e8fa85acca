"""Whom the passing of time concerns: asked of Redis, found for a plan, and applied to a profile."""

import logging
from collections.abc import Collection, Sequence

from msgspec import structs

from decisions.wake import recall, wake
from flows.processor.flush import Slice
from flows.processor.processor import Processor
from flows.processor.shard import Shard
from state.decision import Decision
from state.profile import Profile, decode_profile, encode_profile
from state.timers import Timer

log = logging.getLogger("touchline.touchpoints")

WAKE_AT_ONCE = 2_000
"""Customers of a shard that time is applied to in one flush, beside those who have events in it."""
AGAIN_MS = 3_600_000
"""After a rule has failed in a way that it must not, the customer is asked so much later."""


def learn_timers(processor: Processor, shard: Shard, until_ms: int, most: int) -> None:
    """Read on until the first `most` timers that are due up to `until_ms` are known.

    Raises WireLost, Unsettled, Refused.
    """
    timers, asked = shard.timers, shard.timers.most
    while not timers.knows(until_ms, most):
        pending = processor.pending.slices if processor.pending is not None else ()
        ahead = next((part.timers for part in pending if part.shard is shard), {})
        timers.extend(shard.store.timers(asked), asked, ahead)
        asked *= 2


def find_due(processor: Processor, part: Slice, here: Collection[str]) -> None:
    """Fill in who is due in this flush; `here`: those who have an event in it, which may come to
    nothing, as a repeat does."""
    shard, plan = part.shard, part.plan
    if not (most := plan.wake):
        return
    until_ms = max(shard.clock_ms, plan.complete_ms)
    learn_timers(processor, shard, until_ms, most + len(here))
    here = frozenset(here)
    due = shard.timers.due(until_ms, most + len(here))
    part.due = [timer for timer in due if timer[1] in here]
    part.due += [timer for timer in due if timer[1] not in here][:most]


def still_due(part: Slice) -> list[Timer]:
    """Who is due once all events of the flush are applied, in order, no more than planned."""
    profiles = part.shard.profiles
    customers = {*part.touched, *(customer for _, customer in part.due)}
    due = sorted(
        (profile.due_at, customer)
        for customer in customers
        if (profile := profiles.get(customer)) is not None and 0 < profile.due_at <= part.clock_ms
    )
    return due[: part.plan.wake]


def let_time_pass(
    processor: Processor,
    part: Slice,
    customer: str,
    profile: Profile,
    until_ms: int,
    used_up: Sequence[str] = (),
) -> tuple[Profile, list[tuple[int, Decision]]]:
    """What time alone brings about for a customer until `until_ms`, and then that something is
    used up, and the profile after it.

    A rule that fails in a way that rules cannot leaves the profile as it was, but for what is
    withdrawn, and for the time at which all of them are asked again: then, or at the customer's
    next event.
    """
    before, playbook = encode_profile(profile), processor.playbook
    again_ms = 0
    try:
        found = wake(profile, customer, playbook, until_ms, part.shard.world)
    except MemoryError:
        raise
    except Exception as error:  # noqa: BLE001 - one customer's trouble must not stop the others
        processor.meter.add("touchline_wakes_failed_total")
        if not part.wakes_failed:  # the first of a flush: one rule can fail for all of them
            log.error(
                "shard %d, flush %d: what time brings about could not be decided for a customer, "
                "who is asked again an hour later, or at their next event: %s",
                part.shard.index,
                part.plan.commit,
                type(error).__name__,
            )
        part.wakes_failed += 1
        # What was due stays undone, so it is as one that this playbook has not seen.
        profile, found = structs.replace(decode_profile(before), playbook=""), []
        again_ms = until_ms + AGAIN_MS
    if used_up:
        found += recall(profile, customer, playbook, until_ms, used_up)
    if again_ms:
        profile.due_at = again_ms
    return profile, found
