"""decide: fold each event into its customer's profile and ask the playbook what follows; then what
follows from the time that has passed.

A function of the plan, the planned events and the shard's state alone: run again after a crash, it
makes the same bytes.
"""

from collections.abc import Sequence

from connectors.events.dead_letter import Reason, Refusal
from connectors.kafka.broadcast import Told
from connectors.published.records import action_record, enriched_record
from decisions.decide import EVERYTHING, decide, time_of
from decisions.offering.ask import take_decided
from decisions.offering.record import DECIDED
from decisions.playbook import Playbook
from flows.metrics.of_decisions import OFFER_OUTCOMES, OTHER_OFFER, REQUEST_KINDS
from flows.processor.flush import REPEAT, Elsewhere, Flush, Repeat, Slice
from flows.processor.forwarding import send_on, tell_apart
from flows.processor.processor import Processor
from flows.processor.reach import Reach
from flows.processor.recalling import keep_offers, note_holders
from flows.processor.refuse import bury, rearm, refuse
from flows.processor.waking import let_time_pass, still_due
from flows.processor.world import Changes
from state.applied import Applied
from state.decided import Decided
from state.decision import Decision
from state.fold import fold
from state.profile import Profile
from state.repeats import is_repeat
from state.touchpoint import Touchpoint

REQUESTED = "requested"
"""In a tally: actions that others are asked for, by their kind."""
LABELS = {
    "offer.decided": "offer_id",
    **dict.fromkeys(("alert.raised", "alert.escalated", "alert.acknowledged"), "alert"),
    "alert.cleared": "alert",
    "offer.answered": "answer",
    "journey.started": "journey",
    "journey.ended": "reason",
}
"""Kind of an action → what of its body is counted by; of others it is the segment."""
OUTCOME_OF = {f"Offer {outcome.capitalize()}": outcome for outcome in OFFER_OUTCOMES}
"""Name of an event that tells of an offer → what it tells."""


def decide_step(processor: Processor, flush: Flush) -> None:
    """Fill each slice with its rows, dead letters, actions, serving documents and profiles."""
    flush.slices = processor.each(
        "decide", flush.slices, lambda part: _decide_slice(processor, part)
    )


def _decide_slice(processor: Processor, part: Slice) -> None:
    playbook, planned_ms = processor.playbook, part.plan.now_ms
    traits, version, summary = playbook.traits, playbook.version, playbook.summary
    window, purposes = playbook.limits.duplicates, playbook.purposes
    profiles, touched, rows = part.shard.profiles, part.touched, part.rows
    shard, generation, commit = part.shard.index, part.plan.generation, part.plan.commit
    through = part.through
    # For metrics, here where the event is at hand: to fetch so many again costs more than to note.
    changes, received_ms = part.changes, part.received_ms
    noticed = {*playbook.alerts_on, *OUTCOME_OF}
    timers, set_timer, forwarded = part.timers, part.shard.timers.set, part.forwarded
    reach = Reach(part.plan, part.shard.reached_ms, part.shard.clock_ms)
    limit_ms, topics = reach.limit_ms, processor.topics
    world = part.shard.world
    part.world = Changes(world, playbook, part.shard.ledger)
    keep_offers(processor, part)
    for position, event in enumerate(part.events):
        if not isinstance(event, Touchpoint):
            _pass_by(processor, part, position, event, reach)
            continue
        customer = event.customer_id
        profile = profiles[customer]
        came = through[event.channel]
        if 0 < profile.due_at <= limit_ms:
            profile = _wake_before(processor, part, position, event, reach)
        trimmed, due_at = profile.trimmed, profile.due_at
        try:
            changed = fold(profile, event, traits, window, purposes)
            if not changed:
                came.duplicates += 1
                part.events[position] = REPEAT
                continue
            edition, offers = profile.playbook, profile.offers
            now_ms = time_of(event, profile, planned_ms)
            decision = decide(profile, event, changed, playbook, now_ms, world)
            if profile.playbook is not edition and edition.partition("+")[0] != version:
                changed = EVERYTHING
            place = Applied(shard, generation, commit, len(rows))
            row = enriched_record(event, summary(profile, now_ms), profile.segments, place, version)
            records = (
                _records(part, customer, decision, now_ms, version) if decision is not None else []
            )
        except MemoryError:
            raise  # not the event's doing: another machine would decide it
        except Exception as error:  # noqa: BLE001 - one event's trouble is a dead letter
            refuse(processor, part, position, error)
            continue
        rows.append((customer, row))
        touched[customer] = profile
        if profile.due_at != due_at:
            timers[customer] = profile.due_at
            set_timer(customer, profile.due_at)
        came.accepted += 1
        came.corrected += event.corrected
        if event.at_ms > came.newest_ms:
            came.newest_ms = event.at_ms
        reach.accept("" if position in forwarded else topics[event.channel], event.at_ms)
        changes[changed] = changes.get(changed, 0) + 1
        part.choices += profile.offers is not offers
        received_ms.append(event.received_ms)
        if event.name in noticed:
            _notice(part, event, playbook)
        part.trimmed += profile.trimmed - trimmed
        if decision is not None:
            part.actions += records
            _take(part, customer, decision, 2 * position + 1)
    part.clock_ms, part.newest_ms = reach.after(), reach.newest_ms
    part.shard.clock_ms, part.shard.reached_ms = part.clock_ms, part.newest_ms
    _wake_due(processor, part)
    note_holders(processor, part)
    _count(part)


def _take_decided(
    processor: Processor, part: Slice, position: int, event: Decided, reach: Reach
) -> None:
    """What was decided for somebody who asked: counted and published, as it was answered."""
    customer = event.customer_id
    profile = part.shard.profiles[customer]
    until_ms = reach.before(event.at_ms)
    if 0 < profile.due_at <= until_ms:
        part.reached[position] = until_ms
        profile = _wake(processor, part, customer, until_ms, position)
    trimmed = profile.trimmed
    try:
        decision = take_decided(profile, event, processor.playbook, part.plan.now_ms)
        if decision is None:
            part.events[position] = REPEAT
            part.count("asked", "repeated")
            return
        records = _records(part, customer, decision, event.at_ms, event.playbook)
    except MemoryError:
        raise  # not the event's doing: another machine would decide it
    except Exception as error:  # noqa: BLE001 - one event's trouble is a dead letter
        refuse(processor, part, position, error)
        return
    part.touched[customer] = profile
    part.trimmed += profile.trimmed - trimmed
    part.count("asked", "applied")
    part.actions += records
    _take(part, customer, decision, 2 * position + 1)


def _wake_before(
    processor: Processor, part: Slice, position: int, event: Touchpoint, reach: Reach
) -> Profile:
    """The profile of an event's customer, after the time has passed that the event shows."""
    profile = part.shard.profiles[event.customer_id]
    window = processor.playbook.limits.duplicates
    if is_repeat(profile.recent, event.fingerprint, event.received_ms, window):
        return profile
    topic = "" if position in part.forwarded else processor.topics[event.channel]
    shown_ms = reach.at(topic, event.at_ms if topic else 0)
    until_ms = max(shown_ms, reach.before(event.received_ms))
    if profile.due_at > until_ms:
        return profile
    part.reached[position] = until_ms
    return _wake(processor, part, event.customer_id, until_ms, position)


def _wake_due(processor: Processor, part: Slice) -> None:
    """Let time pass for those who are still due, now that all events are applied; then withdraw
    what is used up from those who are served it, who are due from then on."""
    for due_ms, customer in part.due:
        profile = part.shard.profiles.get(customer)
        known_ms = profile.due_at if profile is not None else 0  # there is no such customer here
        if known_ms != due_ms:
            # A timer that is not the profile's would be found again and again, for nothing.
            part.timers[customer] = known_ms
            part.shard.timers.set(customer, known_ms)
    for _, customer in still_due(part):
        _wake(processor, part, customer, part.clock_ms, len(part.events))
    for customer, causes in part.recalled.items():
        if customer in part.shard.profiles:
            # All at once: whoever is due already would else be chosen for at the next that is gone.
            used_up = [*causes, *part.gone]
            _wake(processor, part, customer, part.clock_ms, len(part.events), used_up)


def _wake(
    processor: Processor,
    part: Slice,
    customer: str,
    until_ms: int,
    position: int,
    used_up: Sequence[str] = (),
) -> Profile:
    """The profile of a customer after the time until `until_ms` has passed, and then that something
    is used up; before the event at `position`."""
    profile = part.shard.profiles[customer]
    due_ms, trimmed = profile.due_at, profile.trimmed
    profile, decisions = let_time_pass(processor, part, customer, profile, until_ms, used_up)
    part.shard.profiles[customer] = part.touched[customer] = profile
    if 0 < due_ms <= until_ms:
        part.woken.append(due_ms)
    part.trimmed += profile.trimmed - trimmed
    for now_ms, decision in decisions:
        version = processor.playbook.version
        part.actions += _records(part, customer, decision, now_ms, version)
        _take(part, customer, decision, 2 * position)
    rearm(part, customer)
    return profile


def _pass_by(
    processor: Processor,
    part: Slice,
    position: int,
    event: Decided | Refusal | Elsewhere | Repeat | Told,
    reach: Reach,
) -> None:
    """What earlier steps made of a record that is no event of this shard's."""
    assert part.world is not None, "made as the slice is begun"
    if isinstance(event, Decided):
        _take_decided(processor, part, position, event, reach)
    elif isinstance(event, Refusal):
        misplaced = event.reason is Reason.MISPLACED
        bury(part, position, event, "route" if misplaced else "decode")
    elif isinstance(event, Elsewhere):
        send_on(part, position, event.shard)
    elif not isinstance(event, Repeat):
        part.world.tell(2 * position + 1, event)


def _count(part: Slice) -> None:
    for channel, came in part.through.items():
        part.count("accepted", channel, came.accepted)
        part.count("duplicate", channel, came.duplicates)
        part.count("corrected", channel, came.corrected)
    if part.forwarded:
        tell_apart(part)


def _records(
    part: Slice, customer: str, decision: Decision, now_ms: int, version: str
) -> list[tuple[str, bytes]]:
    """`now_ms`: when it was decided."""
    plan, before = part.plan, len(part.actions)
    return [
        (
            customer,
            action_record(
                customer,
                action,
                now_ms,
                version,
                Applied(part.shard.index, plan.generation, plan.commit, index),
            ),
        )
        for index, action in enumerate(decision.actions, start=before)
    ]


def _take(part: Slice, customer: str, decision: Decision, moment: int) -> None:
    """`moment` of the flush: two of them for each event, before it and at it."""
    for action in decision.actions:
        part.count(*_label(action.kind, action.body))
        if action.kind == DECIDED:
            served = str(action.body["offer_id"]), str(action.body["channel"])
            part.served[served] = part.served.get(served, 0) + 1
    if decision.serving is not None:
        part.serving[customer] = decision.serving
    for name, answers in decision.answers.items():
        answer, _, result = name.partition(" ")
        counts = part.tally.setdefault(f"result.{answer}", {})
        counts[result] = counts.get(result, 0) + answers
    if decision.outcomes and part.world is not None:
        part.world.learn(moment, decision.outcomes)
    if decision.spent and part.world is not None:
        part.world.spend(moment, decision.spent)
    if decision.rule_errors:
        counts = part.tally.setdefault("rule_errors", {})
        for rule, errors in decision.rule_errors.items():
            counts[rule] = counts.get(rule, 0) + errors


def _notice(part: Slice, event: Touchpoint, playbook: Playbook) -> None:
    """Count an event that alerts are asked at, and what became of an offer; one that is not of this
    playbook has no name of its own."""
    if event.name in playbook.alerts_on:
        part.watched[event.name] = part.watched.get(event.name, 0) + 1
    if event.name not in OUTCOME_OF:
        return
    offer = event.properties.get("offer_id")
    name = offer if isinstance(offer, str) and offer in playbook.offers else OTHER_OFFER
    answer = name, OUTCOME_OF[event.name]
    part.answers[answer] = part.answers.get(answer, 0) + 1


def _label(kind: str, body: dict[str, object]) -> tuple[str, str]:
    if kind in REQUEST_KINDS:
        return REQUESTED, kind
    return kind, str(body[LABELS.get(kind, "segment")])
