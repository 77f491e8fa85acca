"""The arms of a playbook that learns what each feature of its customers adds to a propensity."""

from collections.abc import Iterable

import numpy as np

from decisions.learning.policies.linear import believed
from decisions.learning.sound import Floats, Rows
from decisions.offering.catalogue import Offer
from decisions.offering.model import Gathered, Model
from decisions.offering.propensity import LEAST_PROPENSITY, PROPENSITY_DIGITS, Learning, Moment


class LinearModel(Model):
    """A `Model` whose buckets are the corners of its features: what is believed of an arm in one
    comes from what was seen of it in all."""

    def _rows(self, pairs: Rows) -> Rows:
        """Of all corners, one after the other."""
        corners = np.arange(len(self._buckets))[:, None]
        return (pairs * len(corners) + corners).ravel()

    def _beliefs(self, of: Gathered, where: Moment) -> Floats:
        """Means and spreads."""
        start, seen = self._known(of, of.rows, where)
        by_corner = seen.reshape(2, len(self._buckets), len(of.value))
        found = np.round(believed(start, by_corner, self._buckets[where.bucket]), PROPENSITY_DIGITS)
        np.maximum(found[1], LEAST_PROPENSITY, out=found[1])
        return found


def model_of(learning: Learning, offers: Iterable[Offer]) -> Model:
    """The one that its policy asks for."""
    return (LinearModel if learning.features else Model)(learning, offers)
