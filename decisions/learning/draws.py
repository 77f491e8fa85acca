"""Lots: what chance holds for each arm, and draws of beliefs by them.

A seed gives each arm a lot of its own, whatever other arms there are. So the same customer with
the same seed draws the same of an arm as long as nothing is learned of it, a little more as it is
taken and a little less as it is refused; what another offer does, comes or goes makes no
difference. Draws that came anew with each event would let every rival win in the end, and offers
flap.

An arm's lot is one step of SplitMix64 (Steele, Lea, Flood: "Fast Splittable Pseudorandom Number
Generators", OOPSLA 2014, figure 16) from the seed and the arm's key: 64 bits, of which 16 each are
two standard normal and two uniform numbers.

A Beta is X / (X + Y) of two Gammas. Gamma(a) is Gamma(a + 1) times U^(1/a) (Devroye: "Non-Uniform
Random Variate Generation", 1986, theorem IX.3.2), and Gamma(a + 1) nearly the cube of a normal
(Wilson, Hilferty: "The Distribution of Chi-Square", PNAS 17, 1931). How far that is from a Beta: at
most 0.005 between the distribution functions, 1 % in mean and spread, for a of 0.05 and more; a
test holds it to that.

The last digit may differ by the processor's exp: publish propensities rounded.
"""

from functools import cache
from math import exp, log, sqrt
from statistics import NormalDist
from typing import Final

import numpy as np
from msgspec import Struct
from numpy.typing import NDArray

from decisions.learning.beliefs import Beliefs
from decisions.learning.sound import Floats

Keys = NDArray[np.uint64]

LEVELS: Final = 1 << 16
"""What each of the four numbers of a lot may be."""
_GAMMA: Final = np.uint64(0x9E3779B97F4A7C15)
_MIXERS: Final = (
    (np.uint64(30), np.uint64(0xBF58476D1CE4E5B9)),
    (np.uint64(27), np.uint64(0x94D049BB133111EB)),
)
_LAST: Final = np.uint64(31)
_ALL_BITS: Final = 2**64 - 1
_PICKING: Final = 0x5851F42D4C957F2D
"""Lots for exploring are not those for drawing."""


class Lots(Struct, frozen=True, eq=False):
    """Of n arms; made by `lots`."""

    normal: Floats
    """Shape (2, n), standard normal, to be for and against."""
    log_uniform: Floats
    """Shape (2, n), logarithms of what is uniform in 0 to 1."""


def lots(seed: int, keys: Keys) -> Lots:
    """The lots of arms with these keys (shape (n,), 64 bits that name each), by a seed of 64."""
    bits = mixed(seed, keys).astype("<u8", copy=False).view("<u2").reshape(-1, 4).T
    normals, logs = _levels()
    return Lots(normals.take(bits[:2]), logs.take(bits[2:]))


def mixed(seed: int, keys: Keys) -> Keys:
    """64 bits for each key, shape (n,): each as likely, whatever the others are."""
    found = keys ^ np.uint64(seed)
    found += _GAMMA
    for shift, factor in _MIXERS:
        found ^= found >> shift
        found *= factor
    found ^= found >> _LAST
    return found


def explores(seed: int, share: float) -> bool:
    """Whether this seed is among the `share` of them (0 to 1) that explore."""
    if not share:
        return False
    return _mixed_one(seed) < share * 2.0**64


def first_by_lot(seed: int, keys: Keys) -> int:
    """The position of one of `keys` (at least one), each as likely; of those that stay, the same
    as long as it is there."""
    return int(mixed(seed ^ _PICKING, keys).argmin())


def _mixed_one(state: int) -> int:
    """`mixed` of one key, 0: arrays of one element take eight times as long."""
    found = (state + 0x9E3779B97F4A7C15) & _ALL_BITS
    found = ((found ^ (found >> 30)) * 0xBF58476D1CE4E5B9) & _ALL_BITS
    found = ((found ^ (found >> 27)) * 0x94D049BB133111EB) & _ALL_BITS
    return found ^ (found >> 31)


def betas(found: Beliefs, drawn: Lots) -> Floats:
    """A draw of each arm's Beta, shape (n,), from 0 to 1. Higher by each number that is for it."""
    shapes = found.shapes
    more = shapes + 1.0
    ninth = 1.0 / (9.0 * more)
    root = np.sqrt(ninth)
    root *= drawn.normal
    root += 1.0
    root -= ninth
    np.maximum(root, 0.0, out=root)
    gammas = more * root * root * root
    gammas *= np.exp(drawn.log_uniform / shapes)
    # Both are 0 only where neither shape is above 0.002, or by a lot of one in 10^9.
    both = gammas[0] + gammas[1] + 1e-300
    drawn_first: Floats = gammas[0] / both
    return drawn_first


def beta(alpha: float, beta: float, seed: int, key: int) -> float:
    """`betas` of one arm by its lot. For a few arms, one call for each is sooner done than those
    with arrays; the last digit may differ."""
    bits = _mixed_one(seed ^ key)
    normals, logs = _levels_of_one()
    for_it = _gamma(alpha, normals[bits & 0xFFFF], logs[(bits >> 32) & 0xFFFF])
    against = _gamma(beta, normals[(bits >> 16) & 0xFFFF], logs[bits >> 48])
    return for_it / (for_it + against + 1e-300)


def _gamma(shape: float, normal: float, log_uniform: float) -> float:
    more = shape + 1.0
    ninth = 1.0 / (9.0 * more)
    root = sqrt(ninth) * normal + 1.0 - ninth
    return more * root * root * root * exp(log_uniform / shape) if root > 0.0 else 0.0


@cache
def _levels_of_one() -> tuple[memoryview, memoryview]:
    normals, logs = _levels()
    return normals.data, logs.data


@cache
def _levels() -> tuple[Floats, Floats]:
    """Normal quantiles and logarithms at the middle of each level; 1 MB, made when first needed."""
    usual = NormalDist()
    lower = [usual.inv_cdf((level + 0.5) / LEVELS) for level in range(LEVELS // 2)]
    normals = np.array([*lower, *(-quantile for quantile in reversed(lower))])
    return normals, np.array([log((level + 0.5) / LEVELS) for level in range(LEVELS)])
