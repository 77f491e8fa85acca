"""What a decision says is to be done; others do it."""

from typing import Any, Final

from msgspec import Struct, field

MOST_ELIGIBLE: Final = 256
"""Treatments that a decision for an offer lists of the eligible set, the best ones."""


class Action(Struct, gc=False):
    """Something decided once, to be published once, in `touchpoints.actions`."""

    id: str
    """32 hex digits of (customer, message id, kind, ordinal or subject)."""
    kind: str
    """offer.decided, alert.raised, segment.entered, ...: each has a body of its own."""
    caused_by: str
    """The message id of the event that led to it."""
    body: dict[str, Any]
    """Plain JSON values; what it holds depends on `kind`."""


class ServedOffer(Struct, gc=False):
    """One entry of what personalization services read."""

    offer_id: str
    decision_id: str
    channel: str
    rank: int
    """1 is the best."""
    score: float
    propensity: float
    value: float
    placement: str
    reasons: list[str]
    expires_at: int
    """Milliseconds since the epoch."""
    products: tuple[str, ...] = ()
    """Ids of what is offered."""
    price: float | None = None
    """Theirs together, in the shop's currency; None: not known."""


class Serving(Struct, gc=False):
    """The whole content of a customer's serving key."""

    as_of: int
    expires_at: int
    """Milliseconds since the epoch: when the key goes."""
    offers: list[ServedOffer]


class Outcome(Struct, frozen=True, gc=False):
    """What was learned of an offer that was shown."""

    offer: str
    channel: str
    bucket: str
    """Of the context, as of the decision."""
    at_ms: int
    """When it was decided: as of then it counts."""
    tries: float
    """0 where one that had counted as refused was taken after all."""
    taken: float


class Spent(Struct, frozen=True, gc=False):
    """An acceptance of an offer that has a budget."""

    budget: str
    found: bool
    """Whether there was a unit for it; False: it was refused."""


class Decision(Struct, gc=False):
    """What one event led to."""

    actions: list[Action] = field(default_factory=list)
    serving: Serving | None = None
    """None: what is served stays as it is."""
    rule_errors: dict[str, int] = field(default_factory=dict)
    """Rule, such as "alert.cart_left" → how many of its expressions ended in an error; a condition
    that does counts as false."""

    answers: dict[str, int] = field(default_factory=dict)
    """What became of an answer to an offer, such as "accepted repeated" → how many."""

    outcomes: list[Outcome] = field(default_factory=list)

    spent: list[Spent] = field(default_factory=list)

    def err(self, rule: str, errors: int = 1) -> None:
        """Count errors of a rule."""
        self.rule_errors[rule] = self.rule_errors.get(rule, 0) + errors
