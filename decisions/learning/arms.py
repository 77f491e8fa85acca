"""Which row an arm has: offers, channels and buckets laid out in one fixed order."""

from collections.abc import Iterable, Sequence

import numpy as np

from decisions.learning.sound import Rows


class Arms:
    """All arms of a playbook. Never changes once it is made; equal arguments give equal rows."""

    def __init__(self, offers: Iterable[str], channels: Iterable[str], buckets: int) -> None:
        """`buckets`: how many each offer has in each channel. Raises ValueError below 1, or for a
        name that stands twice."""
        if buckets < 1:
            raise ValueError(f"buckets: expected 1 or more, got {buckets}")
        self.buckets = buckets
        self._channels = _numbered("channels", channels)
        width = len(self._channels) * buckets
        self._begins = {name: at * width for name, at in _numbered("offers", offers).items()}

    def __len__(self) -> int:
        return len(self._begins) * len(self._channels) * self.buckets

    def row(self, offer: str, channel: str, bucket: int) -> int:
        """Raises KeyError for an unknown offer or channel, ValueError for an unknown bucket."""
        if not 0 <= bucket < self.buckets:
            raise ValueError(f"bucket: expected 0 to {self.buckets - 1}, got {bucket}")
        return self._begins[offer] + self._channels[channel] * self.buckets + bucket

    def rows(self, offers: Sequence[str], channel: str, bucket: int) -> Rows:
        """Shape (n,): those of several offers, in their order. Raises as `row` does."""
        if not 0 <= bucket < self.buckets:
            raise ValueError(f"bucket: expected 0 to {self.buckets - 1}, got {bucket}")
        within = self._channels[channel] * self.buckets + bucket
        begins = self._begins
        return np.array([begins[offer] + within for offer in offers], dtype=np.intp)


def _numbered(what: str, names: Iterable[str]) -> dict[str, int]:
    listed = list(names)
    found = {name: number for number, name in enumerate(listed)}
    if len(found) != len(listed):
        twice = sorted({name for name in listed if listed.count(name) > 1})
        raise ValueError(f"{what}: expected each name once, got twice: {', '.join(twice)}")
    return found
