"""Events that are not taken: dead letters, and customers as if such an event had not come."""

import logging
import traceback

from connectors.events.dead_letter import Reason, Refusal
from connectors.events.decode import MAX_ID_CHARACTERS
from connectors.events.replayed import first_at_ms
from connectors.kafka.forwarding import readable_headers
from connectors.published.records import dead_letter_record
from decisions.decide import decide, time_of
from decisions.offering.ask import take_decided
from flows.processor.commit import commit_pending
from flows.processor.flush import Slice
from flows.processor.processor import Processor
from flows.processor.steps import stored_profile
from flows.processor.waking import let_time_pass
from state.applied import Applied
from state.decided import Decided
from state.fold import fold
from state.profile import Profile, encode_profile
from state.touchpoint import Touchpoint

log = logging.getLogger("touchline.touchpoints")


def refuse(processor: Processor, part: Slice, position: int, error: Exception) -> None:
    """The event at `position` could not be decided: a dead letter, and as if it had not come."""
    event = part.events[position]
    assert isinstance(event, Touchpoint | Decided)
    customer = event.customer_id
    _log(part, error)
    part.shard.profiles[customer] = _without(processor, part, position)
    if customer in part.touched:
        part.touched[customer] = part.shard.profiles[customer]
    rearm(part, customer)
    part.events[position] = refusal = Refusal(Reason.UNDECIDABLE, type(error).__name__)
    bury(part, position, refusal, "decide")


def _without(processor: Processor, part: Slice, position: int) -> Profile:
    """The customer's profile as if the event at `position` had not come.

    Folding changes profiles in place, so the stored one is read again and what this flush had
    accepted of the customer before is applied to it once more; what that leads to is known already.
    """
    bad = part.events[position]
    assert isinstance(bad, Touchpoint | Decided)
    customer = bad.customer_id
    if customer not in part.undone:
        commit_pending(processor)  # Redis must know of what this customer did in the flush before
        part.shard.store.begin_load([customer])
        (stored,) = part.shard.store.end_load()
        part.undone[customer] = (0, stored or encode_profile(Profile()))
    begin, blob = part.undone[customer]
    assert part.world is not None, "made as the slice is begun"
    learned = part.world.rewind()
    profile = stored_profile(part, customer, blob)
    playbook = processor.playbook
    for at in range(begin, position + 1):
        event = part.events[at]  # what was refused is a Refusal there by now
        if not isinstance(event, Touchpoint | Decided) or event.customer_id != customer:
            continue
        learned.go(2 * at)
        if at in part.reached:
            until_ms = part.reached[at]
            profile, _ = let_time_pass(processor, part, customer, profile, until_ms)
        learned.go(2 * at + 1)
        if at == position:
            break
        if isinstance(event, Decided):
            take_decided(profile, event, playbook, part.plan.now_ms)
        elif changed := fold(
            profile, event, playbook.traits, playbook.limits.duplicates, playbook.purposes
        ):
            now_ms = time_of(event, profile, part.plan.now_ms)
            decide(profile, event, changed, playbook, now_ms, part.shard.world)
    learned.go(2 * len(part.events) + 1)
    part.undone[customer] = (position, encode_profile(profile))
    return profile


def bury(part: Slice, position: int, refusal: Refusal, stage: str) -> None:
    """A dead letter of the record at `position`, which `stage` has refused."""
    message = part.record(position)
    headers = readable_headers(message)
    unread = "; its headers are left out: expected names in UTF-8" if headers is None else ""
    headers = headers or []
    place = Applied(
        part.shard.index, part.plan.generation, part.plan.commit, len(part.dead_letters)
    )
    record = dead_letter_record(
        message.value(),
        message.key(),
        headers,
        message.topic(),
        message.partition(),
        message.offset(),
        refusal.reason,
        refusal.detail + unread,
        stage,
        part.plan.now_ms,
        first_at_ms(headers, part.plan.now_ms),
        place,
    )
    key = message.key()  # whole in the record; a second time only if that fits beside it
    fits = key is not None and len(key) <= MAX_ID_CHARACTERS * 4
    part.dead_letters.append((key if fits else None, record))
    part.count("dead_letter", message.topic())
    part.count("reason", refusal.reason)


def rearm(part: Slice, customer: str) -> None:
    """Let the customer's timer be what the profile says."""
    due_ms = part.shard.profiles[customer].due_at
    part.timers[customer] = due_ms
    part.shard.timers.set(customer, due_ms)


def _log(part: Slice, error: Exception) -> None:
    """Where it happened, and not what the error says: that may hold what a customer sent.

    The first of a flush: whoever finds a way to make one can make many.
    """
    if part.undone:
        return
    frame = traceback.extract_tb(error.__traceback__)[-1]
    log.error(
        "shard %d, flush %d: an event could not be decided and is a dead letter: %s at %s:%s",
        part.shard.index,
        part.plan.commit,
        type(error).__name__,
        frame.filename,
        frame.lineno,
    )
