"""Thompson sampling for a linear model of each arm: propensity = features · weights.

Agrawal and Goyal, "Thompson Sampling for Contextual Bandits with Linear Payoffs", ICML 2013,
algorithm 1: B = I + Σ x xᵀ, f = Σ x r; draw the weights from N(B⁻¹f, v²B⁻¹). Each arm has weights
of its own here (Li, Chu, Langford, Schapire, "A Contextual-Bandit Approach to Personalized News
Article Recommendation", WWW 2010, algorithm 1), so two numbers of each say what is drawn for a
customer with the features x: N(mean, spread²), mean = xᵀB⁻¹f, spread = v √(xᵀB⁻¹x).

Features hold or do not: customers stand at corners, k features make 2^k of them, and what was seen
at each is all that the sums hang on. With x_c = (1, features of corner c), of n_c tries:

    B = SE·I + Σ n_c x_c x_cᵀ        f = SE·SP·e₀ + Σ taken_c x_c

The start is as if each weight had been seen SE times, the first as SP and all others as 0. And

    v² = m (1 - m) / 2        m = (SE·SP + taken + 2) / (SE + tries + 4)

m (1 - m) is the variance of an arm's outcomes, had two more been taken and two more refused
(Agresti and Coull, "Approximate Is Better than 'Exact' for Interval Estimation of Binomial
Proportions", The American Statistician 52, 1998). An arm whose first tries all failed would else
seem to be sure of it: the Beta that Thompson sampling draws from has a long tail towards the rates
that such an arm may have all the same, a normal has none, and the arm would never be tried again.
With that in place half of the variance is enough, and explores less (Chapelle and Li, "An Empirical
Evaluation of Thompson Sampling", NIPS 2011, on posterior reshaping). Without features the mean is
that of the Beta.

Nothing but sums, products, quotients and roots in one order, arm by arm: the same arm with the same
counters has the same bits, whichever others there are and on whichever processor.
"""

from functools import cache
from typing import Final

import numpy as np

from decisions.learning.draws import Lots
from decisions.learning.sound import Floats, Rows

UNSEEN: Final = 2.0
"""Taken, and as many refused, that v² counts beside what was seen."""
SHARPER: Final = 0.5
"""The share of the variance with which is drawn."""


def believed(start: Floats, seen: Floats, corner: int) -> Floats:
    """Means and spreads of n arms for who stands at `corner`, shape (2, n).

    `start`: SE·SP and SE·(1 - SP), shape (2, n). `seen`: taken and refused at each corner, shape
    (2, 2^k, n); bit i of a corner's number says whether feature i holds there.
    """
    taken, refused = _of_all_that_hold(seen)
    tries = taken + refused
    single, pairs = _design(len(tries).bit_length() - 1)
    d, evidence = len(single), start[0] + start[1]
    rows = np.empty((d, d + 2, len(evidence)))
    rows[:, :d] = tries[pairs]
    rows[:, d] = taken[single]
    rows[:, d + 1] = ((single & corner) == single)[:, None]
    diagonal = rows.reshape(-1, len(evidence))[:: d + 3]
    diagonal += evidence
    rows[0, d] += start[0]
    mean, square = _at(rows, evidence)
    overall = (start[0] + taken[0] + UNSEEN) / (evidence + tries[0] + 2.0 * UNSEEN)
    return np.stack([mean, np.sqrt(SHARPER * overall * (1.0 - overall) * square)])


def normals(found: Floats, drawn: Lots) -> Floats:
    """A draw of each arm, shape (n,), cut off at 0 and 1; `found`: means and spreads, (2, n)."""
    mean, spread = found
    cut: Floats = np.clip(mean + spread * drawn.normal[0], 0.0, 1.0)
    return cut


def _of_all_that_hold(seen: Floats) -> Floats:
    """For each corner the sum over all at which at least its features hold: what x xᵀ adds up."""
    kinds, corners, arms = seen.shape
    sums = np.array(seen, order="C")
    bit = 1
    while bit < corners:
        halves = sums.reshape(kinds, -1, 2, bit, arms)
        halves[:, :, 0] += halves[:, :, 1]
        bit *= 2
    return sums


@cache
def _design(features: int) -> tuple[Rows, Rows]:
    """The corners at which each x_i is 1, shape (d,), and each x_i x_j, shape (d, d): those with
    at least the features of this one."""
    single = np.array([0, *(1 << feature for feature in range(features))], dtype=np.intp)
    return single, single[:, None] | single


def _at(rows: Floats, evidence: Floats) -> tuple[Floats, Floats]:
    """xᵀB⁻¹f and xᵀB⁻¹x, from B, f and x beside each other, shape (d, d + 2, n).

    B = L D Lᵀ (Golub and Van Loan, "Matrix Computations", section 4.1), and with y = L⁻¹x, g = L⁻¹f
    they are Σ y g / D and Σ y y / D. As B - SE·I is a sum of squares, no pivot is below SE but by
    rounding. Uses up `rows`.
    """
    pivots = np.empty((len(rows), len(evidence)))
    for at, pivot in enumerate(pivots):
        row, left = rows[at, at:], rows[at + 1 :, at + 1 :]
        np.maximum(row[0], evidence, out=pivot)
        left -= row[1:-2, None] * (row[1:] / pivot)
    y = rows[:, -1] / pivots
    return _in_order(y * rows[:, -2]), _in_order(y * rows[:, -1])


def _in_order(terms: Floats) -> Floats:
    """Their sum along the first axis, one after the other."""
    found: Floats = np.add.reduce(terms, axis=0)
    return found
