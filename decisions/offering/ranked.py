"""Treatments ranked by what is learned of them."""

from collections.abc import Iterator, Mapping, Sequence
from typing import overload

from decisions.language import Value
from decisions.learning.draws import explores
from decisions.offering.arbitration import Candidate, Eligible
from decisions.offering.catalogue import Treatment
from decisions.offering.model import Model
from decisions.offering.propensity import Appraisal, Moment, picked
from state.touchpoint import identity


class Ranked(Sequence[Candidate]):
    """Candidates in their order. Each is made when it is looked at: of hundreds, few are."""

    def __init__(
        self,
        found: Sequence[Candidate],
        weights: Sequence[float] | None,
        appraisal: Appraisal,
        order: list[int],
    ) -> None:
        self._found = found
        self._weights = weights
        self._appraisal = appraisal
        self._order = order

    def __len__(self) -> int:
        return len(self._order)

    @overload
    def __getitem__(self, at: int) -> Candidate: ...

    @overload
    def __getitem__(self, at: slice) -> list[Candidate]: ...

    def __getitem__(self, at: int | slice) -> Candidate | list[Candidate]:
        if isinstance(at, slice):
            return list(map(self._candidate, self._order[at]))
        return self._candidate(self._order[at])

    def _candidate(self, position: int) -> Candidate:
        one, of = self._found[position], self._appraisal
        first, second = of.shapes
        return Candidate(
            one.offer,
            one.treatment,
            self._weights[position] if self._weights is not None else 1.0,
            of.score[position],
            of.propensity[position],
            one.number,
            (first[position], second[position]),
        )

    def treatments(self) -> Iterator[Treatment]:
        """Theirs, in their order."""
        return (self._found[position].treatment for position in self._order)

    def with_first(self, at: int) -> "Ranked":
        """The same with another one in front."""
        order = self._order
        moved = [order[at], *order[:at], *order[at + 1 :]]
        return Ranked(self._found, self._weights, self._appraisal, moved)


def ranked(
    eligible: Eligible,
    weights: Mapping[Value | None, float] | None,
    model: Model,
    power: float,
    where: Moment,
    customer_id: str,
) -> Ranked | None:
    """Those of `eligible` that have a weight and are worth what they cost, the best first. Equal
    scores of different offers go by a stable hash, as in `arbitration.best_first`. None: there are
    none."""
    given = None
    if weights is not None:
        if any(one.treatment.weight not in weights for one in eligible.candidates):
            eligible = eligible.where(lambda one: one.treatment.weight in weights)
        given = [weights[one.treatment.weight] for one in eligible.candidates]
    found = eligible.candidates
    if not found:
        return None
    appraisal = model.appraise(eligible.numbers, given, power, where)
    order = appraisal.order
    if appraisal.even:
        score = appraisal.score
        lots = {one.offer: identity(customer_id, one.offer) for one in found}
        order = sorted(order, key=lambda at: (-score[at], lots[found[at].offer]))
    return Ranked(found, given, appraisal, order)


def explored(among: Ranked, model: Model, seed: int) -> int | None:
    """The rank, from 0 on, of the one that goes first, as this is a time to explore; None: it is
    not, or there is none."""
    if not among or not explores(seed, model.learning.explore):
        return None
    treatments = [(one.offer, one.channel, one.placement) for one in among.treatments()]
    return picked(treatments, seed)


def treatments_of(among: Sequence[Candidate]) -> Iterator[Treatment]:
    """Of candidates, in their order; of ranked ones without making them."""
    return among.treatments() if isinstance(among, Ranked) else (one.treatment for one in among)
