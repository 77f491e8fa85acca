"""How likely an offer is to be accepted, as it is learned: what a playbook says of it, the luck of
a customer, and draws by that.

An arm is an offer through a channel in a bucket of the context. It starts where the playbook says,
or where its group is by now in that channel, and what comes of what is shown moves it.
"""

from collections.abc import Iterable, Sequence
from functools import reduce
from operator import or_
from typing import Final

import numpy as np
from msgspec import Struct

from decisions.language import EvaluationError, Value
from decisions.learning.beliefs import Beliefs
from decisions.learning.draws import Keys, first_by_lot, lots
from decisions.learning.policies.kinds import AnyPolicy, Linear
from decisions.learning.policies.linear import normals
from decisions.learning.policies.propose import propose
from decisions.learning.sound import Floats
from decisions.offering.features import Features, bucket_number
from decisions.world import World
from state.profile import Profile
from state.touchpoint import Touchpoint, identity

USUAL_BUCKET: Final = "all"
"""Where a playbook declares none."""
OTHER_BUCKET: Final = "other"
"""Of whom the context says nothing that is declared."""
DIGITS: Final = 3
"""To which beliefs are rounded before anything is drawn, so that a record holds them whole."""
BELIEF_PARTS: Final = 10.0**DIGITS
LEAST: Final = 10.0**-DIGITS
PROPENSITY_DIGITS: Final = 9
"""To which a propensity is: the last ones of a double depend on the processor."""
PROPENSITY_PARTS: Final = 10.0**PROPENSITY_DIGITS
LEAST_PROPENSITY: Final = 10.0**-PROPENSITY_DIGITS
ACCEPTED: Final = "accepted"
CLICKED: Final = "clicked"
SUCCESSES: Final = (ACCEPTED, CLICKED)


class Learning(Struct, frozen=True):
    """What a playbook says of learning."""

    policy: AnyPolicy
    explore: float
    """The share, 0 to 1, of times at which any offer that may be served goes first."""
    half_life_ms: int
    within_ms: int
    """How long after it was shown silence means no."""
    success: str
    """One of SUCCESSES: what counts as yes; clicked: that or accepted."""
    evidence: float
    """What a start counts for, in offers shown."""
    redraw_ms: int
    """How long a customer's lots stay."""
    context: Value | None = None
    buckets: tuple[str, ...] = (USUAL_BUCKET,)
    """What the context may say; OTHER_BUCKET is the first where there is a context. With features
    those that they make, see `features.bucket_names`."""
    features: Features = ()
    """Where the policy is linear; else none."""

    def luck(self, customer_id: str, now_ms: int) -> tuple[int, int]:
        """The seed, 64 bits, by which is drawn for a customer, and the first instant after `now_ms`
        at which it is another one: it stays for `redraw_ms`, and each customer's changes at another
        time."""
        own = int.from_bytes(identity(customer_id, "lots")[:8]) % self.redraw_ms
        period = (now_ms + own) // self.redraw_ms
        seed = int.from_bytes(identity(customer_id, "lots", str(period))[:8])
        return seed, (period + 1) * self.redraw_ms - own

    @property
    def reads(self) -> int:
        """What of the profile a customer's bucket depends on."""
        asked = (self.context, *(when for _, when in self.features))
        return reduce(or_, (one.reads for one in asked if one is not None), 0)

    def bucket(self, profile: Profile, touchpoint: Touchpoint, now_ms: int) -> str:
        """Where a customer belongs now. Raises EvaluationError."""
        if self.context is None:
            return self.buckets[0]
        said = self.context(profile, touchpoint, now_ms)
        return said if said in self.buckets else OTHER_BUCKET


Numbers = list[float] | memoryview
"""Of each treatment one; of hundreds, few are looked at."""


class Appraisal(Struct, frozen=True, eq=False, gc=False):
    """What is believed of n treatments, the propensities that were drawn or computed from it, and
    what the treatments are worth by them."""

    propensity: Numbers
    shapes: tuple[Numbers, Numbers]
    """Alphas and betas; means and spreads where the policy is linear."""
    score: Numbers
    order: list[int]
    """The positions of those that are worth what they cost, the highest score first; equal ones as
    they came."""
    even: bool
    """Whether some are worth the same."""


class Moment(Struct, frozen=True, gc=False):
    """When, where and with what luck a customer is chosen for."""

    bucket: str
    seed: int
    world: World
    now_ms: int


def redrawn(
    policy: AnyPolicy, arms: Iterable[tuple[str, str]], shapes: Floats, seed: int
) -> list[float]:
    """The propensities that arms, (offer, channel) each, were given, by what a record holds: the
    shapes of an `Appraisal`, and the seed. Raises ValueError for shapes that are none."""
    found: list[float] = drawn(policy, shapes, seed, keys_of(arms)).tolist()
    return found


def picked(treatments: Sequence[tuple[str, str, str]], seed: int) -> int:
    """The position of the one of treatments, (offer, channel, placement) each, that goes first when
    it is time to explore; their order makes no difference.

    Each offer is as likely, and then each treatment of it: an offer that is made through more
    channels is not explored more often.
    """
    offers = list(dict.fromkeys(offer for offer, _, _ in treatments))
    offer = offers[first_by_lot(seed, keys_of((offer, "offer") for offer in offers))]
    mine = [at for at, one in enumerate(treatments) if one[0] == offer]
    return mine[first_by_lot(seed, keys_of(treatments[at][1:] for at in mine))]


def chance_of_picked(offers: Sequence[str], offer: str) -> float:
    """How likely a treatment of `offer` is to be the one that is picked; `offers`: of each
    treatment its offer."""
    return 1.0 / (len(set(offers)) * offers.count(offer))


def bucket_of(
    learning: Learning, profile: Profile, touchpoint: Touchpoint, now_ms: int
) -> tuple[str, list[str]]:
    """The customer's bucket, and the rules of learning that ended in an error."""
    if learning.features:
        number, wrong = bucket_number(learning.features, profile, touchpoint, now_ms)
        return learning.buckets[number], [f"learning.features.{name}" for name in wrong]
    try:
        return learning.bucket(profile, touchpoint, now_ms), []
    except EvaluationError:
        return OTHER_BUCKET, ["learning.context"]


def drawn(policy: AnyPolicy, shapes: Floats, seed: int, keys: Keys) -> Floats:
    """The propensities of n arms by their shapes, (2, n), rounded as they are published. Raises
    ValueError for shapes that are none."""
    if isinstance(policy, Linear):
        propensity = normals(shapes, lots(seed, keys))
    else:
        propensity = propose(policy, Beliefs(shapes), seed, keys)
    rounded = propensity.round(PROPENSITY_DIGITS)
    return np.maximum(rounded, LEAST_PROPENSITY, out=rounded)


def keys_of(names: Iterable[tuple[str, str]]) -> Keys:
    """64 bits that name each."""
    return np.array([int.from_bytes(identity(*name)[:8]) for name in names], dtype=np.uint64)
