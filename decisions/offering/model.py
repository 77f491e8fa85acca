"""The arms of a playbook, and what treatments are worth by what is learned of them."""

from collections.abc import Iterable, Sequence
from functools import lru_cache
from typing import Final

import numpy as np
from msgspec import Struct

from decisions.learning.beliefs import starts
from decisions.learning.draws import Keys, beta
from decisions.learning.policies.kinds import Thompson
from decisions.learning.sound import Floats, Rows
from decisions.learning.table import CounterTable
from decisions.offering.arbitration import SETS_KEPT
from decisions.offering.catalogue import Offer, Treatment
from decisions.offering.propensity import (
    BELIEF_PARTS,
    DIGITS,
    LEAST,
    LEAST_PROPENSITY,
    PROPENSITY_PARTS,
    Appraisal,
    Learning,
    Moment,
    drawn,
    keys_of,
)

FEW: Final = 16
"""Up to so many treatments one after the other is sooner done than with arrays: of 50 calls of
NumPy each takes microseconds in a process that does other things in between, however short the
array."""


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


class Gathered(Struct, frozen=True, eq=False, gc=False):
    """What arrays are made of for some treatments, whoever and whenever they are chosen for."""

    start: Floats
    """As `beliefs.starts`."""
    rows: Rows
    """As `Model._rows` has them."""
    pools: Rows
    """Rows of their groups; the empty one of those that do not start there."""
    keys: Keys
    value: Floats
    lever: Floats | None
    """None: all are 1."""
    cost: Floats | None
    """None: all are 0."""


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
        self._keys = keys_of(first)
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
        self._gathered = lru_cache(SETS_KEPT)(self._gather)

    def appraise(
        self,
        numbers: Sequence[int],
        weights: Sequence[float] | None,
        power: float,
        where: Moment,
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
        where: Moment,
    ) -> Appraisal:
        counters, bucket = where.world.counters, self._buckets[where.bucket]
        share = counters.share(where.now_ms) if counters is not None else 1.0
        drawn: dict[int, tuple[float, float, float]] = {}
        alphas, betas, propensities, scores = [], [], [], []
        for at, number in enumerate(numbers):
            pair, value, lever, cost = self._each[number]
            known = drawn.get(pair.row)
            if known is None:
                for_it, against = pair.alpha, pair.beta
                if counters is not None:
                    for_it, against = self._moved(pair, bucket, counters, share)
                for_it = max(round(for_it * BELIEF_PARTS) / BELIEF_PARTS, LEAST)
                against = max(round(against * BELIEF_PARTS) / BELIEF_PARTS, LEAST)
                exact = beta(for_it, against, where.seed, pair.key)
                rounded = round(exact * PROPENSITY_PARTS) / PROPENSITY_PARTS
                known = drawn[pair.row] = for_it, against, max(rounded, LEAST_PROPENSITY)
            for_it, against, propensity = known
            weight = weights[at] if weights is not None else 1.0
            likely = propensity if power == 1.0 else propensity**power
            alphas.append(for_it)
            betas.append(against)
            propensities.append(propensity)
            scores.append(likely * value * lever * weight - cost)
        order = sorted(range(len(scores)), key=scores.__getitem__, reverse=True)
        even = len(set(scores)) < len(scores)
        while order and not scores[order[-1]] >= 0.0:
            order.pop()
        return Appraisal(propensities, (alphas, betas), scores, order, even)

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
        where: Moment,
    ) -> Appraisal:
        of = self._gathered(tuple(numbers))
        found = self._beliefs(of, where)
        propensity = drawn(self.learning.policy, found, where.seed, of.keys)
        score = (propensity if power == 1.0 else propensity**power) * of.value
        if of.lever is not None:
            score *= of.lever
        if weights is not None:
            score *= np.array(weights)
        if of.cost is not None:
            score -= of.cost
        order = (-score).argsort(kind="stable")
        best_first = score.take(order)
        even = bool(np.count_nonzero(best_first[1:] == best_first[:-1]))
        if not best_first[-1] >= 0.0:
            order = order[: np.count_nonzero(best_first >= 0.0)]
        shapes = found[0].data, found[1].data
        return Appraisal(propensity.data, shapes, score.data, order.tolist(), even)

    def _gather(self, numbers: tuple[int, ...]) -> Gathered:
        chosen = np.array(numbers, dtype=np.intp)
        pairs = self._pair_of.take(chosen)
        value, lever, cost = self._terms.take(chosen, axis=1)
        return Gathered(
            self._start.take(pairs, axis=1),
            self._rows(pairs),
            self._pools.take(pairs),
            self._keys.take(pairs),
            value,
            lever if (lever != 1.0).any() else None,
            cost if cost.any() else None,
        )

    def _rows(self, pairs: Rows) -> Rows:
        """Of their counters in the first bucket."""
        return pairs * len(self._buckets)

    def _beliefs(self, of: Gathered, where: Moment) -> Floats:
        """Alphas and betas."""
        start, seen = self._known(of, of.rows + self._buckets[where.bucket], where)
        found = (start + seen).round(DIGITS)
        return np.maximum(found, LEAST, out=found)

    def _known(self, of: Gathered, rows: Rows, where: Moment) -> tuple[Floats, Floats]:
        """Where treatments start by now, shape (2, n), and what was seen in rows, taken and
        refused."""
        counters = where.world.counters
        if counters is None:
            return of.start, np.zeros((2, len(rows)))
        if not self.pooled:
            return of.start, counters.totals(rows, where.now_ms)
        n = len(of.value)
        seen = counters.totals(np.concatenate([of.pools, rows]), where.now_ms)
        start = of.start + seen[:, :n]
        start *= self.learning.evidence / (start[0] + start[1])
        return start, seen[:, n:]


def _pool(one: Treatment) -> tuple[str, str, str] | None:
    return ("", one.channel, one.starts) if one.starts else None
