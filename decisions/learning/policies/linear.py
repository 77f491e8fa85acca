"""Thompson sampling for a linear model: propensity = features · weights, the weights unknown.

Agrawal and Goyal, "Thompson Sampling for Contextual Bandits with Linear Payoffs", ICML 2013,
algorithm 1: B = I + Σ x xᵀ, f = Σ x r; draw the weights from N(B⁻¹ f, v² B⁻¹). Two things are other
than there: what I stands for is a `LinearStart`, and is not in the sums, which so add up over
shards; and the sums fade, as all counters do.

Factors and products are LAPACK's and BLAS's, whose last digits differ between processors.
"""

import numpy as np
from msgspec import Struct

from decisions.learning.counter import factor, landmark
from decisions.learning.draws import Keys, lots
from decisions.learning.sound import Floats, floats, number


class LinearCounter(Struct, frozen=True, eq=False):
    """Σ x xᵀ and Σ x r of one shard, as of a landmark: see `decisions.learning.counter`."""

    squares: Floats
    """Shape (d, d)."""
    products: Floats
    """Shape (d,)."""
    at_ms: int


class LinearStart(Struct, frozen=True):
    """What is believed of the weights before anything is known."""

    precision: float = 1.0
    """Of each weight; the higher, the longer it stays near its start. Above 0."""
    weight: float = 0.0
    """Where each starts."""
    spread: float = 0.25
    """v: how far draws lie apart. An outcome of 0 or 1 strays by 0.5 at most, 0.22 at 5 %."""


class LinearBelief(Struct, frozen=True, eq=False):
    """The weights' distribution, made once after counters changed and drawn from by decisions."""

    mean: Floats
    """Shape (d,)."""
    root: Floats
    """Shape (d, d): root · rootᵀ is the covariance."""


def nothing(features: int) -> LinearCounter:
    """Of a model of that many features."""
    return LinearCounter(np.zeros((features, features)), np.zeros(features), 0)


def booked(
    counter: LinearCounter, half_life_ms: int, at_ms: int, features: Floats, taken: float
) -> LinearCounter:
    """Takes in one outcome of what was shown at `at_ms`: `features` of shape (d,), `taken` 0 to 1.

    Raises ValueError for what is not finite, or of another shape.
    """
    x = _features(features, (len(counter.products),))
    number("taken", taken, most=1.0)
    counter = moved(counter, max(landmark(at_ms, half_life_ms), counter.at_ms), half_life_ms)
    weight = factor(at_ms, counter.at_ms, half_life_ms)
    squares = counter.squares + weight * np.outer(x, x)
    return _checked(LinearCounter(squares, counter.products + weight * taken * x, counter.at_ms))


def moved(counter: LinearCounter, to_ms: int, half_life_ms: int) -> LinearCounter:
    """The same as of another time."""
    if to_ms == counter.at_ms or not counter.squares.any():
        return LinearCounter(counter.squares, counter.products, to_ms)
    by = factor(counter.at_ms, to_ms, half_life_ms)
    return _checked(LinearCounter(counter.squares * by, counter.products * by, to_ms))


def added(a: LinearCounter, b: LinearCounter, half_life_ms: int) -> LinearCounter:
    """Both together, as of the later landmark."""
    at_ms = max(a.at_ms, b.at_ms)
    a, b = moved(a, at_ms, half_life_ms), moved(b, at_ms, half_life_ms)
    return _checked(LinearCounter(a.squares + b.squares, a.products + b.products, at_ms))


def believed(
    counter: LinearCounter, start: LinearStart, now_ms: int, half_life_ms: int
) -> LinearBelief:
    """From the total over shards. Raises ValueError for a start that is none."""
    precision = number("precision", start.precision, least=1e-9)
    spread = number("spread", start.spread)
    counter = moved(counter, now_ms, half_life_ms)
    d = len(counter.products)
    lower = np.linalg.cholesky(counter.squares + precision * np.eye(d))
    inverse = np.linalg.solve(lower, np.eye(d))  # B⁻¹ = inverseᵀ · inverse
    mean = inverse.T @ (inverse @ (counter.products + precision * start.weight))
    return LinearBelief(floats("mean", mean, least=-np.inf), spread * inverse.T)


def linear_propensities(belief: LinearBelief, features: Floats, seed: int, keys: Keys) -> Floats:
    """Propensities of n arms, shape (n,), from `features` of shape (n, d): one draw of the weights
    for all arms, cut off at 0 and 1, by the lots of the d features, which `keys` name. Raises
    ValueError as `booked` does."""
    x = _features(features, (len(features), len(belief.mean)))
    weights = belief.mean + belief.root @ lots(seed, keys).normal[0]
    return floats("propensity", np.clip(x @ weights, 0.0, 1.0), most=1.0)


def _features(values: Floats, shape: tuple[int, ...]) -> Floats:
    found = floats("features", values, least=-1e150, most=1e150)
    if found.shape != shape:
        raise ValueError(f"features: expected shape {shape}, got {found.shape}")
    return found


def _checked(counter: LinearCounter) -> LinearCounter:
    floats("squares", counter.squares, least=-1e300, most=1e300)
    floats("products", counter.products, least=-1e300, most=1e300)
    return counter
