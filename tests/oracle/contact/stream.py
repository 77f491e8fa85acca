"""A pure stream of many customers: fold and decide in one process, no service, no clock."""

import random
from collections.abc import Iterator
from heapq import heappop, heappush
from typing import NamedTuple

from connectors.published.record_types import ActionRecord, read_action
from connectors.published.records import action_record
from decisions.decide import decide, time_of
from decisions.playbook import Playbook
from state.applied import Applied
from state.decision import Serving
from state.fold import fold
from state.profile import Profile
from state.touchpoint import Touchpoint, identity
from tests.oracle.contact.checker import Told
from tests.oracle.contact.shoppers import Audience, Event, Offered, Shoppers

GRID_MS = 250
"""Most events come at a multiple of this, so that windows are met at their very edge; the others a
millisecond before or after."""
LOOKS = 0.12
"""Pages that show offers, for each event."""


class Step(NamedTuple):
    """One event that was taken, and what was published because of it."""

    told: Told
    actions: list[tuple[ActionRecord, bytes]]


def steps(
    playbook: Playbook, seed: int, start_ms: int, events: int, customers: int, every_ms: float
) -> Iterator[Step]:
    """So many events of so many customers, one every so many milliseconds."""
    rng = random.Random(f"stream {seed}")
    shoppers, audience = Shoppers(seed, customers), Audience(seed)
    profiles: dict[str, Profile] = {}
    served: dict[str, Serving] = {}
    due: list[tuple[int, int, Event]] = []
    number = taken = 0
    while taken < events:
        now_ms = start_ms + int(taken * every_ms)
        now_ms += GRID_MS - now_ms % GRID_MS + rng.choice((0, 0, 0, -1, 1))
        planned = list(shoppers.next(now_ms))
        if served and rng.random() < LOOKS:
            customer = rng.choice(list(served))
            planned += audience.looks(customer, page(served[customer], now_ms), now_ms)
        for event in planned:
            number += 1
            heappush(due, (event.sent_ms, number, event))
        while due and due[0][0] <= now_ms:
            event = heappop(due)[2]._replace(sent_ms=now_ms)
            taken += 1
            step = _take(
                playbook, profiles.setdefault(event.customer, Profile()), event, taken, served
            )
            if step is not None:
                yield step


def page(serving: Serving, now_ms: int) -> list[Offered]:
    """What a reader shows of a serving key."""
    return [
        Offered(one.offer_id, one.decision_id, one.channel)
        for one in serving.offers
        if now_ms < min(one.expires_at, serving.expires_at)
    ]


def _take(
    playbook: Playbook, profile: Profile, event: Event, number: int, served: dict[str, Serving]
) -> Step | None:
    """None for a repeat."""
    touchpoint = _touchpoint(event)
    changed = fold(profile, touchpoint, playbook.traits)
    if not changed:
        return None
    now_ms = time_of(touchpoint, profile, event.sent_ms)
    decision = decide(profile, touchpoint, changed, playbook, now_ms)
    actions = []
    for index, action in enumerate(decision.actions if decision else []):
        place = Applied(0, 1, number, index)
        content = action_record(event.customer, action, now_ms, playbook.version, place)
        actions.append((read_action(content), content))
    if decision is not None and decision.serving is not None:
        served[event.customer] = decision.serving
    told = Told(
        event.customer, event.message_id, event.name, event.happened_ms, event.sent_ms, event.said
    )
    return Step(told, actions)


def _touchpoint(event: Event) -> Touchpoint:
    digest = identity(event.customer, event.message_id)
    identified = event.name == "Identified"
    return Touchpoint(
        id=digest.hex(),
        fingerprint=digest[:8],
        message_id=event.message_id,
        customer_id=event.customer,
        channel=event.channel,
        type="identify" if identified else "track",
        name=event.name,
        at_ms=event.happened_ms,
        received_ms=event.sent_ms,
        properties={} if identified else event.said,
        traits=event.said if identified else {},
        raw=b"{}",
    )
