"""What may be offered: offers, their treatments, the places they stand in."""

from typing import Final

from msgspec import Struct

from decisions.budgets.budget import Budget
from decisions.language import Condition, Value
from decisions.offering.caps import Subject

ELIGIBLE: Final = "eligible"
APPLICABLE: Final = "applicable"
SUITABLE: Final = "suitable"
LAYERS: Final = (ELIGIBLE, APPLICABLE, SUITABLE)
"""The customer may have it; it makes sense for them now; it is good for them."""


class Placement(Struct, frozen=True):
    """A place where offers are shown."""

    id: str
    channels: tuple[str, ...]
    offers: int
    """How many at most at once."""


class Treatment(Struct, frozen=True, eq=False, gc=False):
    """An offer in a placement, through a channel: what is chosen."""

    offer: str
    channel: str
    placement: str
    propensity: float
    """How likely it is to be accepted, above 0 to 1, as the playbook says."""
    value: float
    """What we earn when it is accepted, in the shop's currency."""
    lever: float
    """What the business adds or takes; 1 leaves it as it is."""
    cost: float
    """What it costs to make it, in the shop's currency."""
    weight: Value | None
    """What the moment adds or takes; None: 1."""
    gain: float
    """P^a x V x L: what it is worth before the moment's weight and the cost."""
    score: float
    """With a weight of 1."""
    counted: tuple[Subject, ...]
    """What caps count it as."""
    spends: tuple[Subject, ...]
    """Of these, what a decision for it counts as."""
    starts: str = ""
    """The group whose propensity it has, as the offer says none: there it starts, where that is
    learned; "" = none."""


class Offer(Struct, frozen=True):
    """Something to propose to a customer."""

    id: str
    title: str
    version: bytes
    """4 bytes of a hash of what a decision for it says: while they stay, a decision does."""
    group: str
    """"" = none."""
    purpose: str
    """What the customer must have agreed to; "" = nothing."""
    arms: frozenset[tuple[str, str]]
    """(experiment, arm): the customer must be in one of them; none: anybody."""
    layers: tuple[tuple[str, Condition], ...]
    """(one of LAYERS, condition), in the order they are asked."""
    treatments: tuple[Treatment, ...]
    """By the order in which placements, then channels are preferred."""
    start_ms: int
    """0 = always open."""
    end_ms: int
    """The first instant after it; 0 = no end."""
    timed: bool
    """Whether it has a start or an end; said once, as most have neither and each event asks."""
    ttl_ms: int
    """How long a decision for it stands."""
    cooldown_ms: int
    """How long it is not decided after it was dismissed."""
    suppress_ms: int
    """How long it is not decided after it was accepted."""
    fallback: bool
    because: str
    """Why a customer gets it, in words."""
    rivals: frozenset[str]
    """The offers that do not stand beside it, itself among them."""
    reads: int
    products: tuple[str, ...] = ()
    """What it offers, by their ids in the shop's catalogue: all of them must be there."""
    price: float | None = None
    """Theirs together, in the shop's currency, where the playbook says it."""
    topics: tuple[str, ...] = ()
    """What it is about: it is only for whom one of them interests; none: for anybody."""
    topics_of_products: bool = False
    """Whether the categories of its products, as the catalogue says them, are topics of it too."""
    interests: Value | None = None
    """What a customer has declared to be interested in; None: nothing makes it about a topic."""
    budget: Budget | None = None
    """How many may be accepted in all; None: as many as are wanted."""

    @property
    def source(self) -> str:
        """Its conditions as they were written, on one line; "" = everyone."""
        conditions = [" ".join(when.source.split()) for _, when in self.layers]
        if len(conditions) < 2:
            return "".join(conditions)
        return " && ".join(f"({condition})" for condition in conditions)

    @property
    def about(self) -> tuple[str, ...]:
        """What it is about, in words: its topics, and what its products are where that counts."""
        more = ("a category of its products, if they have one",) if self.topics_of_products else ()
        return self.topics + more

    @property
    def words(self) -> str:
        """Why a customer gets it: what the playbook says, else whom it is for."""
        about = f"interested in {' or '.join(self.about)}" if self.about else ""
        return self.because or ", ".join(filter(None, (about, self.source))) or "for everyone"

    @property
    def places(self) -> tuple[tuple[str, str], ...]:
        """(placement, channel), in order of preference."""
        return tuple((one.placement, one.channel) for one in self.treatments)

    @property
    def channels(self) -> tuple[str, ...]:
        """Those it may be served through, each once."""
        return tuple(dict.fromkeys(one.channel for one in self.treatments))
