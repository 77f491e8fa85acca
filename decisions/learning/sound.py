"""The door: numbers that are no numbers, endless or negative are refused by name."""

from functools import partial
from math import inf, isfinite
from typing import Any

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Rows = NDArray[np.intp]

# What `min` and `max` of an array call in the end; half their time goes by on the way.
least_of = partial(np.minimum.reduce, axis=None)
most_of = partial(np.maximum.reduce, axis=None)


def floats(name: str, values: Any, *, least: float = 0.0, most: float = inf) -> Floats:
    """`values` as float64; `name` is what the error calls them.

    Raises ValueError unless each is finite, not below `least` and not above `most`.
    """
    found = np.asarray(values, dtype=np.float64)
    if not found.size:
        return found
    low, high = least_of(found), most_of(found)  # a NaN is what both are then
    if not (least <= low and high <= most and isfinite(low) and isfinite(high)):
        sound = np.isfinite(found) & (found >= least) & (found <= most)
        place = np.argwhere(~sound)[0].tolist()
        raise ValueError(
            f"{name}: expected finite numbers from {least:g} to {most:g}, "
            f"got {found[tuple(place)]} at {place}"
        )
    return found


def number(name: str, value: float, *, least: float = 0.0, most: float = inf) -> float:
    """The same for one number."""
    if not (isfinite(value) and least <= value <= most):
        raise ValueError(
            f"{name}: expected a finite number from {least:g} to {most:g}, got {value}"
        )
    return value
