"""What one customer's whole history comes to at an instant, by definition: nothing is kept, counted
or put into buckets before it is asked for."""

from collections.abc import Callable, Sequence
from functools import cache, cached_property
from math import ceil, fsum
from typing import Any, NamedTuple, TypeVar

from tests.oracle import memory
from tests.oracle.deeds import Deed
from tests.oracle.memory import DAY_MS
from tests.oracle.ninety_days.crowd import HOUR, MINUTE, SECOND

UNITS = (
    *(SECOND, 5 * SECOND, 15 * SECOND, MINUTE, 5 * MINUTE, 15 * MINUTE, HOUR),
    *(6 * HOUR, DAY_MS),
)


Found = TypeVar("Found")


class Missing(Exception):
    """What was asked for has no value."""


class Known(NamedTuple):
    """An event that has come."""

    deed: Deed
    now_ms: int
    """When it was decided upon."""
    counted_ms: int
    """When it happened, to what looks back: one from the future counts as of then."""


Fits = Callable[[Deed], bool]


def named(*names: str) -> Fits:
    return lambda deed: deed.name in names


@cache
def unit_of(window_ms: int) -> int:
    """How long the buckets of a window are."""
    return max([unit for unit in UNITS if unit * 48 <= window_ms], default=SECOND)


class Past:
    """All that has come of a customer, in that order."""

    def __init__(self, known: Sequence[Known]) -> None:
        self.known = tuple(known)
        self.deeds = [one.deed for one in known]
        self._found: dict[Any, Any] = {}

    def once(self, name: Any, find: Callable[[], Found]) -> Found:
        """What does not depend on the time, found when it is asked for first."""
        if name not in self._found:
            self._found[name] = find()
        found: Found = self._found[name]
        return found

    def all_that(self, fits: Fits) -> list[Known]:
        return self.once(fits, lambda: [one for one in self.known if fits(one.deed)])

    # What functions that look back see.

    def within(self, fits: Fits, window_ms: int, now_ms: int) -> list[Deed]:
        unit = unit_of(window_ms)
        first = now_ms // unit - ceil(window_ms / unit)
        return [o.deed for o in self.all_that(fits) if o.counted_ms // unit >= first]

    def count(self, fits: Fits, window_ms: int, now_ms: int) -> int:
        return len(self.within(fits, window_ms, now_ms))

    def sum(self, name: str, fits: Fits, window_ms: int, now_ms: int) -> float:
        said = [deed.properties.get(name) for deed in self.within(fits, window_ms, now_ms)]
        return fsum(value for one in said if (value := memory.number(one)) is not None)

    def since(self, fits: Fits, now_ms: int) -> int:
        times = [one.counted_ms for one in self.all_that(fits)]
        if not times:
            raise Missing
        return now_ms - max(times)

    def seen(self, fits: Fits) -> bool:
        return bool(self.all_that(fits))

    def sequence(self, first: Fits, then: Fits, within_ms: int, now_ms: int) -> bool:
        for place, one in enumerate(self.known):
            if then(one.deed) and now_ms <= one.counted_ms + within_ms:
                before = [o.counted_ms for o in self.known[:place] if first(o.deed)]
                if before and max(before) <= one.counted_ms <= max(before) + within_ms:
                    return True
        return False

    # What the profile is documented to hold.

    @cached_property
    def last_at(self) -> int:
        return memory.latest(self.deeds)

    @cached_property
    def first_at(self) -> int:
        return min(deed.at_ms for deed in self.deeds)

    @cached_property
    def visits(self) -> dict[str, int]:
        return memory.visits(self.deeds)

    @cached_property
    def cart(self) -> dict[str, object]:
        return memory.cart(self.deeds)

    @cached_property
    def unsubscribed(self) -> bool:
        return bool(memory.email(self.deeds)["profile.email.unsubscribed"])

    @cached_property
    def orders(self) -> list[tuple[int, float]]:
        """(when, value)"""
        placed = memory.named(self.deeds, "Order Completed", "Kiosk Transaction Completed")
        paid = [(deed, memory.amount(deed)) for deed in placed]
        return [
            (deed.at_ms, value or 0.0)
            for deed, value in paid
            if value is not None or deed.name == "Order Completed"
        ]

    @cached_property
    def returns(self) -> list[tuple[int, float]]:
        taken_back = memory.named(self.deeds, "Order Refunded", "Order Cancelled")
        return [(deed.at_ms, -(memory.amount(deed) or 0.0)) for deed in taken_back]

    @cached_property
    def last_order(self) -> int:
        return max((at for at, _ in self.orders), default=0)

    def value_90d(self, now_ms: int) -> float:
        first = now_ms // DAY_MS - 90
        return fsum(v for at, v in self.orders + self.returns if at // DAY_MS >= first)

    def count_90d(self, now_ms: int) -> int:
        first = now_ms // DAY_MS - 90
        return sum(at // DAY_MS >= first for at, _ in self.orders)

    @cached_property
    def interests(self) -> dict[str, list[tuple[float, int]]]:
        """Category → (weight, when)."""
        given: dict[str, list[tuple[float, int]]] = {}
        for deed in memory.named(self.deeds, *memory.WEIGHTS):
            said = [*(memory.products(deed) or []), deed.properties]
            for category in {memory.word(one.get("category")) for one in said} - {""}:
                given.setdefault(category, []).append((memory.WEIGHTS[deed.name], deed.at_ms))
        return given

    def affinity(self, category: str, now_ms: int) -> float:
        given = self.interests.get(category)
        if not given:
            return 0.0
        return memory.faded(given, max(now_ms, *(at for _, at in given)))
