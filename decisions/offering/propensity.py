"""How likely an offer is to be accepted, as it is learned: the arms of a playbook and their model.

An arm is an offer through a channel in a bucket of the context. It starts where the playbook says,
or where its group is by now in that channel, and what comes of what is shown moves it.
"""

from collections.abc import Iterable, Sequence
from typing import Final

import numpy as np
from msgspec import Struct

from decisions.language import EvaluationError, Value
from decisions.learning.beliefs import Beliefs, starts
from decisions.learning.draws import explores, first_by_lot
from decisions.learning.policies.kinds import Policy
from decisions.learning.policies.propose import propose
from decisions.learning.sound import Floats, Rows
from decisions.offering.catalogue import Offer, Treatment
from decisions.world import World
from state.profile import Profile
from state.touchpoint import Touchpoint, identity

USUAL_BUCKET: Final = "all"
"""Where a playbook declares none."""
OTHER_BUCKET: Final = "other"
"""Of whom the context says nothing that is declared."""
DIGITS: Final = 3
"""To which beliefs are rounded before anything is drawn, so that a record holds them whole."""
LEAST: Final = 10.0**-DIGITS
PROPENSITY_DIGITS: Final = 9
"""To which a propensity is: the last ones of a double depend on the processor."""
LEAST_PROPENSITY: Final = 10.0**-PROPENSITY_DIGITS
ACCEPTED: Final = "accepted"
CLICKED: Final = "clicked"
SUCCESSES: Final = (ACCEPTED, CLICKED)


class Learning(Struct, frozen=True):
    """What a playbook says of learning."""

    policy: Policy
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
    """What the context may say; OTHER_BUCKET is the first where there is a context."""

    def seed(self, customer_id: str, now_ms: int) -> int:
        """64 bits by which is drawn for a customer: the same ones for `redraw_ms`, then others;
        each customer's change at another time."""
        own = int.from_bytes(identity(customer_id, "lots")[:8])
        period = (now_ms + own % self.redraw_ms) // self.redraw_ms
        return int.from_bytes(identity(customer_id, "lots", str(period))[:8])

    def bucket(self, profile: Profile, touchpoint: Touchpoint, now_ms: int) -> str:
        """Where a customer belongs now. Raises EvaluationError."""
        if self.context is None:
            return self.buckets[0]
        said = self.context(profile, touchpoint, now_ms)
        return said if said in self.buckets else OTHER_BUCKET


class Appraisal(Struct, frozen=True, eq=False, gc=False):
    """What is believed of some arms, and the propensities that were drawn or computed from it."""

    propensity: list[float]
    alpha: list[float]
    beta: list[float]


class Model:
    """The arms of a playbook, one row each, and where they start. Never changes once it is made."""

    def __init__(self, learning: Learning, offers: Iterable[Offer]) -> None:
        self.learning = learning
        learned = [offer for offer in offers if not offer.fallback]
        every = [one for offer in learned for one in offer.treatments]
        first = {(one.offer, one.channel): one for one in reversed(every)}
        self._pairs = {pair: number for number, pair in enumerate(first)}
        """(offer, channel) → its number."""
        self._buckets = {bucket: number for number, bucket in enumerate(learning.buckets)}
        pools = [_pool(one) for one in first.values()]
        named = {pool: number for number, pool in enumerate(dict.fromkeys(filter(None, pools)))}
        arms = len(first) * len(self._buckets)
        self.rows = {
            (offer, channel, bucket): pair * len(self._buckets) + at
            for (offer, channel), pair in self._pairs.items()
            for bucket, at in self._buckets.items()
        }
        """(offer, channel, bucket) → the row of its counters; ("", channel, group) → that of all
        arms that start where their group is."""
        self.rows |= {pool: arms + number for pool, number in named.items()}
        self.pooled = {
            self.rows[offer, channel, bucket]: self.rows[pool]
            for (offer, channel), pool in zip(first, pools, strict=True)
            if pool
            for bucket in self._buckets
        }
        """Row → that of its group, of those that start there."""
        nothing = arms + len(named)
        self.size = nothing + 1
        """Rows of a table; the last one stays empty."""
        rows_of_pools = [self.rows[pool] if pool else nothing for pool in pools]
        self._pools = np.array(rows_of_pools, dtype=np.intp)
        self._keys = np.array(
            [int.from_bytes(identity(*pair)[:8]) for pair in first], dtype=np.uint64
        )
        self._start: Floats = starts(
            [min(max(one.propensity, 1e-6), 1 - 1e-6) for one in first.values()],
            [learning.evidence] * len(first),
        )

    def appraise(
        self, treatments: Sequence[Treatment], bucket: str, world: World, seed: int, now_ms: int
    ) -> Appraisal:
        """Of each treatment; at least one."""
        pairs = self._numbers((one.offer, one.channel) for one in treatments)
        found = self._beliefs(pairs, bucket, world, now_ms)
        alpha, beta = found.shapes.tolist()
        return Appraisal(self._drawn(pairs, found, seed), alpha, beta)

    def redraw(self, arms: Iterable[tuple[str, str]], shapes: Floats, seed: int) -> list[float]:
        """The propensities that were given for arms, (offer, channel) each, by what a record holds:
        alphas and betas of shape (2, n), and the seed. Raises KeyError for an unknown arm."""
        return self._drawn(self._numbers(arms), Beliefs(shapes), seed)

    def explored(self, treatments: Sequence[Treatment], seed: int) -> int | None:
        """The position of the one that goes first, as this is a time to explore; None: it is not.

        Each offer is as likely, and then each treatment of it: an offer that is made through more
        channels is not explored more often.
        """
        if not treatments or not explores(seed, self.learning.explore):
            return None
        offers = list(dict.fromkeys(one.offer for one in treatments))
        names = np.array([_named(offer) for offer in offers], dtype=np.uint64)
        offer = offers[first_by_lot(seed, names)]
        mine = [at for at, one in enumerate(treatments) if one.offer == offer]
        places = [_named(treatments[at].channel, treatments[at].placement) for at in mine]
        return mine[first_by_lot(seed, np.array(places, dtype=np.uint64))]

    def _beliefs(self, pairs: Rows, bucket: str, world: World, now_ms: int) -> Beliefs:
        start = self._start.take(pairs, axis=1)
        if world.counters is not None:
            if self.pooled:
                start += world.counters.totals(self._pools.take(pairs), now_ms)
                start *= self.learning.evidence / (start[0] + start[1])
            rows = pairs * len(self._buckets) + self._buckets[bucket]
            start += world.counters.totals(rows, now_ms)
        return Beliefs(np.maximum(np.round(start, DIGITS), LEAST))

    def _drawn(self, pairs: Rows, found: Beliefs, seed: int) -> list[float]:
        proposed = propose(self.learning.policy, found, seed, self._keys.take(pairs))
        rounded: list[float] = np.maximum(
            np.round(proposed, PROPENSITY_DIGITS), LEAST_PROPENSITY
        ).tolist()
        return rounded

    def _numbers(self, arms: Iterable[tuple[str, str]]) -> Rows:
        numbers = self._pairs
        return np.array([numbers[arm] for arm in arms], dtype=np.intp)


def chance_of_explored(treatments: Sequence[Treatment], one: Treatment) -> float:
    """How likely `one` of them is to be the one that `Model.explored` picks."""
    offers = {other.offer for other in treatments}
    mine = [other for other in treatments if other.offer == one.offer]
    return 1.0 / (len(offers) * len(mine))


def bucket_of(
    learning: Learning, profile: Profile, touchpoint: Touchpoint, now_ms: int
) -> tuple[str, bool]:
    """The customer's bucket, and whether the context ended in no error."""
    try:
        return learning.bucket(profile, touchpoint, now_ms), True
    except EvaluationError:
        return OTHER_BUCKET, False


def _named(name: str, *more: str) -> int:
    return int.from_bytes(identity(name, *(more or ("offer",)))[:8])


def _pool(one: Treatment) -> tuple[str, str, str] | None:
    return ("", one.channel, one.starts) if one.starts else None
