"""What a metric is: name, kind, unit, meaning, labels; and the bounds that histograms share."""

from collections.abc import Mapping
from enum import StrEnum
from typing import Final

from msgspec import Struct, field


class Kind(StrEnum):
    """How a metric behaves."""

    COUNTER = "counter"
    """Only grows."""
    GAUGE = "gauge"
    """What is now."""
    HISTOGRAM = "histogram"
    """How many observations were at most how large."""


class Metric(Struct, frozen=True):
    """One metric."""

    name: str
    kind: Kind
    unit: str
    """seconds, bytes, or what is counted."""
    meaning: str
    labels: tuple[str, ...] = ()
    values: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """Label → all values it can have. The playbook's names, shards and topics are not among them:
    those are known when a flow starts."""
    buckets: tuple[float, ...] = ()
    """Upper bounds of a histogram, in its unit, rising; a last one without bound follows."""


C, G, H = Kind.COUNTER, Kind.GAUGE, Kind.HISTOGRAM

# Finest where promises are made: 20 and 80 ms.
WAITS: Final = (
    0.001,
    0.002,
    0.005,
    0.01,
    0.015,
    0.02,
    0.03,
    0.04,
    0.06,
    0.08,
    0.12,
    0.2,
    0.5,
    1,
    2,
    5,
    10,
    30,
    60,
    300,
)  # fmt: skip - on few lines
STEPS: Final = (
    0.0001,
    0.0002,
    0.0005,
    0.001,
    0.002,
    0.005,
    0.01,
    0.02,
    0.05,
    0.1,
    0.2,
    0.5,
    1,
    2,
    5,
)  # fmt: skip - on few lines
WRITES: Final = (0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 30)
SIZES: Final = (1, 2, 5, 10, 20, 50, 100, 200, 500, 1_000, 2_000, 4_000)
"""Events of a flush; the last is the limit that is set unless another one is."""
