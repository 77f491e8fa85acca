"""What `ActionRecord.body` holds, by the action's kind."""

from datetime import datetime
from typing import Final, Literal

from msgspec import UNSET, Struct, UnsetType

from connectors.published.schema_requests import REQUESTS


class Eligible(Struct):
    """All that a decision was chosen of, column by column, the best first: 256 at most."""

    offer_id: list[str]
    channel: list[str]
    placement: list[str]
    propensity: list[float]
    weight: list[float]
    score: list[float]


class Learned(Struct):
    """What the propensities of a decision were drawn by. `alpha` and `beta` go with `eligible`: the
    propensity of each is believed to be Beta(alpha, beta). So do `mean` and `spread`, which are
    there instead where the policy is linear: the propensity of each is drawn from a normal
    distribution, cut off at 0 and 1."""

    policy: str
    """thompson, greedy, upper-bound or linear."""
    bucket: str
    """Of the context, where the customer is; or the features that hold, as in gold+late."""
    seed: str
    """What was drawn by: 64 bits in hex digits."""
    totals: int
    """The number of the counters of other shards that were known; 0 = none."""
    explore: float
    """The share of times, 0 to 1, at which any offer of the eligible set goes first."""
    explored: bool
    """Whether the first of the eligible set stands there for that reason, and not by its score."""
    chance: float | None
    """How likely it was to go first, 0 to 1; null for what did not, and where that is an integral
    over the beliefs (thompson, linear)."""
    alpha: list[float] | UnsetType = UNSET
    beta: list[float] | UnsetType = UNSET
    mean: list[float] | UnsetType = UNSET
    spread: list[float] | UnsetType = UNSET


class Budget(Struct):
    """A budget, as the shard knew it."""

    id: str
    units: int
    """How many may be accepted in all."""
    hard: bool
    accepted: int
    """How many of them all shards had accepted, as far as it knew."""


class OfferDecided(Struct):
    """`offer.decided`: a customer is to be served this offer."""

    offer_id: str
    decision_id: str
    """The action's own id: comes back as `properties.decision_id` of what became of the offer."""
    channel: str
    """Where it is served."""
    score: float
    """propensity^power x weight x value x lever - cost: what it was ranked by, in the shop's
    currency."""
    propensity: float
    """How likely the customer is to take it, above 0 and up to 1."""
    value: float
    """What is earned when it is accepted, in the shop's currency."""
    placement: str
    reasons: list[str]
    """In words, as the playbook says them, and by number."""
    expires_at: datetime
    group: str
    """The offer's; "" = none."""
    power: float
    """The exponent of the propensity."""
    weight: float
    """What the moment added or took."""
    lever: float
    """What the business adds or takes."""
    cost: float
    """What it costs to make the offer, in the shop's currency."""
    arms: dict[str, str]
    """Experiment → the arm that the customer is in; of a control `control` or `treated`."""
    eligible: Eligible
    learned: Learned | None
    """What the propensities were drawn by; null where they are those of the playbook."""
    products: list[str] | UnsetType = UNSET
    """Ids of what is offered; several are a bundle. Left out where the offer names no products."""
    price: float | UnsetType = UNSET
    """What they cost together, in the shop's currency; left out where that is not known."""
    topics: list[str] | UnsetType = UNSET
    """What the offer is about: its topics, and the categories of its products where they count.
    Left out, as is `interests`, where it is for anybody."""
    interests: list[str] | UnsetType = UNSET
    """What the customer has declared to be interested in: of the topics one at least."""
    budget: Budget | UnsetType = UNSET
    """The budget that it would be accepted from; left out where the offer has none."""


class OfferAnswered(Struct):
    """`offer.answered`: what became of a decision, once for each kind of answer to it; exhausted
    each time."""

    offer_id: str
    decision_id: str
    group: str
    """The offer's; "" = none, or the playbook does not have the offer any more."""
    channel: str
    placement: str
    answer: Literal["shown", "clicked", "accepted", "dismissed", "exhausted"]
    """exhausted: it was accepted, and the offer's budget had no unit left: it was not sold."""
    decided_at: datetime


class AlertRaised(Struct):
    """`alert.raised`: somebody should look at this customer, or place."""

    alert: str
    """Its id in the playbook."""
    severity: str
    message: str
    """In words; ? stands for what could not be had."""
    key: str | UnsetType = UNSET
    """What it is silent for afterwards, where the playbook says a key: at most 120 characters."""


class AlertEscalated(Struct):
    """`alert.escalated`: nobody has acknowledged the alert so far; at most once for each step."""

    alert: str
    """Its id in the playbook."""
    severity: str
    message: str
    """In words; ? stands for what could not be had."""
    raised_at: datetime
    """When it was raised."""
    step: int
    """Which step of its escalation, from 1 on."""
    key: str | UnsetType = UNSET
    """The key that it was raised for, where it has one: at most 120 characters."""


class AlertAcknowledged(Struct):
    """`alert.acknowledged`: somebody looks at it, and it is escalated no further."""

    alert: str
    """Its id in the playbook."""
    severity: str
    raised_at: datetime
    """When it was raised."""
    key: str | UnsetType = UNSET
    """The key that it was raised for, where it has one: at most 120 characters."""


class AlertCleared(Struct):
    """`alert.cleared`: an alert of which the playbook says `until` is over."""

    alert: str
    """Its id in the playbook."""
    severity: str
    raised_at: datetime
    """When it was raised."""
    key: str | UnsetType = UNSET
    """The key that it was raised for, where it has one: at most 120 characters."""


class SegmentEntered(Struct):
    """`segment.entered`: the customer is in this segment now."""

    segment: str
    since: datetime
    """When they entered it."""


class SegmentExited(Struct):
    """`segment.exited`: the customer is not in this segment any more."""

    segment: str
    since: datetime
    """When they had entered it."""


class JourneyStarted(Struct):
    """`journey.started`: a run of a journey has begun."""

    run: str
    """32 hex digits, one per run: the action's own id."""
    journey: str
    """Its id in the playbook."""
    version: str
    """12 hex digits of a hash of the journey's definition, the title apart."""
    key: str | UnsetType = UNSET
    """What the run is about, as text, where the playbook says a key."""


class JourneyEnded(Struct):
    """`journey.ended`: a run of a journey is over."""

    run: str
    """As in its `journey.started`."""
    journey: str
    version: str
    """That by which it went when it ended: another than at its start, if it has moved."""
    step: str
    """Where it stood: the step's `id`, or its number in the order they are written, from 1 on."""
    reason: Literal["finished", "exit", "dropped", "replaced", "removed", "version_unknown"]
    """It came to its end; an exit held; the customer was in too many; the playbook has another
    version, which said so or has no step of that id; it has no such journey any more; the version
    that it went by is not known, or names what is gone."""
    started_at: datetime
    key: str | UnsetType = UNSET


BODIES: Final[dict[str, type[Struct]]] = {
    "offer.decided": OfferDecided,
    "offer.answered": OfferAnswered,
    "alert.raised": AlertRaised,
    "alert.escalated": AlertEscalated,
    "alert.acknowledged": AlertAcknowledged,
    "alert.cleared": AlertCleared,
    "segment.entered": SegmentEntered,
    "segment.exited": SegmentExited,
    "journey.started": JourneyStarted,
    "journey.ended": JourneyEnded,
    **REQUESTS,
}
"""Kind of an action → what its body is."""

SEVERITIES: Final = ("info", "warning", "critical")
"""Of an alert, the least first."""
