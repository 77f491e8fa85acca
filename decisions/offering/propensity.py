"""How likely an offer is to be accepted, as it is learned: the arms of a playbook and their model.

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
from decisions.learning.beliefs import Beliefs, starts
from decisions.learning.draws import Keys, beta, first_by_lot, lots
from decisions.learning.policies.kinds import AnyPolicy, Linear, Thompson
from decisions.learning.policies.linear import normals
from decisions.learning.policies.propose import propose
from decisions.learning.sound import Floats, Rows
from decisions.learning.table import CounterTable
from decisions.offering.catalogue import Offer, Treatment
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
LEAST: Final = 10.0**-DIGITS
PROPENSITY_DIGITS: Final = 9
"""To which a propensity is: the last ones of a double depend on the processor."""
LEAST_PROPENSITY: Final = 10.0**-PROPENSITY_DIGITS
FEW: Final = 16
"""Up to so many treatments one after the other is sooner done than with arrays: of 50 calls of
NumPy each takes microseconds in a process that does other things in between, however short the
array."""
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


class Appraisal(Struct, frozen=True, eq=False, gc=False):
    """What is believed of n treatments, the propensities that were drawn or computed from it, and
    what the treatments are worth by them."""

    propensity: list[float]
    shapes: list[tuple[float, float]]
    """Alpha and beta of each; mean and spread where the policy is linear."""
    score: list[float]
    order: list[int]
    """The positions of those that are worth what they cost, the highest score first; equal ones as
    they came."""
    even: bool
    """Whether some are worth the same."""


class _Pair(Struct, frozen=True, gc=False):
    """What one by one is looked up of an offer in a channel."""

    row: int
    """Of its counters in the first bucket."""
    pool: int
    """Of those of its group; the empty row where it does not start there."""
    alpha: float
    beta: float
    """Where it starts."""
    key: int
    """Its lot's."""


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
        self._keys = _keys(first)
        self._pair_of = np.array(
            [self._pairs[one.offer, one.channel] for one in every], dtype=np.intp
        )
        terms = [(one.value, one.lever, one.cost) for one in every]
        self._terms = np.array(terms).T
        self._start: Floats = starts(
            [min(max(one.propensity, 1e-6), 1 - 1e-6) for one in first.values()],
            [learning.evidence] * len(first),
        )
        rows = range(0, arms, len(self._buckets))
        known = zip(rows, rows_of_pools, *self._start.tolist(), self._keys.tolist(), strict=True)
        pairs_known = [_Pair(*each) for each in known]
        self._each = [
            (pairs_known[self._pairs[one.offer, one.channel]], *of)
            for one, of in zip(every, terms, strict=True)
        ]
        """Of each treatment its pair, value, lever and cost."""

    def appraise(
        self,
        numbers: Sequence[int],
        weights: Sequence[float] | None,
        power: float,
        where: "Moment",
    ) -> Appraisal:
        """Of treatments by their numbers, in the order of the offers that the model was made with;
        at least one. `weights`: one for each, None: 1.

        FEW or less of them may differ from the same among more by the last digit of a propensity.
        """
        if len(numbers) <= FEW and isinstance(self.learning.policy, Thompson):
            return self._one_by_one(numbers, weights, power, where)
        return self._at_once(numbers, weights, power, where)

    def _one_by_one(
        self,
        numbers: Sequence[int],
        weights: Sequence[float] | None,
        power: float,
        where: "Moment",
    ) -> Appraisal:
        counters, bucket = where.world.counters, self._buckets[where.bucket]
        share = counters.share(where.now_ms) if counters is not None else 1.0
        drawn: dict[_Pair, tuple[float, float, float]] = {}
        shapes, propensities, scores = [], [], []
        for at, number in enumerate(numbers):
            pair, value, lever, cost = self._each[number]
            known = drawn.get(pair)
            if known is None:
                for_it, against = pair.alpha, pair.beta
                if counters is not None:
                    for_it, against = self._moved(pair, bucket, counters, share)
                for_it = max(round(for_it * 10**DIGITS) / 10**DIGITS, LEAST)
                against = max(round(against * 10**DIGITS) / 10**DIGITS, LEAST)
                exact = beta(for_it, against, where.seed, pair.key)
                rounded = round(exact * 10**PROPENSITY_DIGITS) / 10**PROPENSITY_DIGITS
                known = drawn[pair] = for_it, against, max(rounded, LEAST_PROPENSITY)
            for_it, against, propensity = known
            weight = weights[at] if weights is not None else 1.0
            likely = propensity if power == 1.0 else propensity**power
            shapes.append((for_it, against))
            propensities.append(propensity)
            scores.append(likely * value * lever * weight - cost)
        order = sorted(range(len(scores)), key=scores.__getitem__, reverse=True)
        even = len(set(scores)) < len(scores)
        while order and not scores[order[-1]] >= 0.0:
            order.pop()
        return Appraisal(propensities, shapes, scores, order, even)

    def _moved(
        self, pair: _Pair, bucket: int, counters: CounterTable, share: float
    ) -> tuple[float, float]:
        """As `_beliefs`, of one."""
        for_it, against = pair.alpha, pair.beta
        if self.pooled:
            taken, refused = counters.total(pair.pool, share)
            for_it, against = for_it + taken, against + refused
            start = self.learning.evidence / (for_it + against)
            for_it, against = for_it * start, against * start
        taken, refused = counters.total(pair.row + bucket, share)
        return for_it + taken, against + refused

    def _at_once(
        self,
        numbers: Sequence[int],
        weights: Sequence[float] | None,
        power: float,
        where: "Moment",
    ) -> Appraisal:
        chosen = np.array(numbers, dtype=np.intp)
        pairs = self._pair_of.take(chosen)
        found = self._beliefs(pairs, where)
        propensity = _drawn(self.learning.policy, found, where.seed, self._keys.take(pairs))
        value, lever, cost = self._terms.take(chosen, axis=1)
        score = (propensity if power == 1.0 else propensity**power) * value * lever
        if weights is not None:
            score *= np.array(weights)
        score -= cost
        order = np.argsort(-score, kind="stable")
        best_first = score.take(order)
        worth_it = int(np.count_nonzero(best_first >= 0.0))
        even = bool((best_first[1:] == best_first[:-1]).any())
        shapes: list[tuple[float, float]] = list(zip(*found.tolist(), strict=True))
        best = order[:worth_it].tolist()
        return Appraisal(propensity.tolist(), shapes, score.tolist(), best, even)

    def _beliefs(self, pairs: Rows, where: "Moment") -> Floats:
        """Alphas and betas."""
        rows = pairs * len(self._buckets) + self._buckets[where.bucket]
        start, seen = self._known(pairs, rows, where)
        start += seen
        return np.maximum(np.round(start, DIGITS), LEAST)

    def _known(self, pairs: Rows, rows: Rows, where: "Moment") -> tuple[Floats, Floats]:
        """Where pairs start by now, shape (2, n), and what was seen in rows, taken and refused."""
        start = self._start.take(pairs, axis=1)
        counters = where.world.counters
        if counters is None:
            return start, np.zeros((2, len(rows)))
        if not self.pooled:
            return start, counters.totals(rows, where.now_ms)
        n = len(pairs)
        seen = counters.totals(np.concatenate([self._pools.take(pairs), rows]), where.now_ms)
        start += seen[:, :n]
        start *= self.learning.evidence / (start[0] + start[1])
        return start, seen[:, n:]


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
    drawn: list[float] = _drawn(policy, shapes, seed, _keys(arms)).tolist()
    return drawn


def picked(treatments: Sequence[tuple[str, str, str]], seed: int) -> int:
    """The position of the one of treatments, (offer, channel, placement) each, that goes first when
    it is time to explore; their order makes no difference.

    Each offer is as likely, and then each treatment of it: an offer that is made through more
    channels is not explored more often.
    """
    offers = list(dict.fromkeys(offer for offer, _, _ in treatments))
    offer = offers[first_by_lot(seed, _keys((offer, "offer") for offer in offers))]
    mine = [at for at, one in enumerate(treatments) if one[0] == offer]
    return mine[first_by_lot(seed, _keys(treatments[at][1:] for at in mine))]


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


def _drawn(policy: AnyPolicy, shapes: Floats, seed: int, keys: Keys) -> Floats:
    if isinstance(policy, Linear):
        propensity = normals(shapes, lots(seed, keys))
    else:
        propensity = propose(policy, Beliefs(shapes), seed, keys)
    rounded = np.round(propensity, PROPENSITY_DIGITS)
    return np.maximum(rounded, LEAST_PROPENSITY)


def _keys(names: Iterable[tuple[str, str]]) -> Keys:
    """64 bits that name each."""
    return np.array([int.from_bytes(identity(*name)[:8]) for name in names], dtype=np.uint64)


def _pool(one: Treatment) -> tuple[str, str, str] | None:
    return ("", one.channel, one.starts) if one.starts else None
