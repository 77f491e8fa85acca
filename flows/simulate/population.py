"""The people: who there is, what they like, and how often they come."""

import itertools
import random
from bisect import bisect
from collections.abc import Iterator

from msgspec import Struct, field

from flows.simulate.shop import CATEGORIES, CITIES, PLANS

DEVICES = (
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 Chrome/141.0.0.0 Safari/537.36",
    "Mozilla/5.0 (iPhone; CPU iPhone OS 18_6 like Mac OS X) AppleWebKit/605.1.15 Mobile/15E148",
    "Mozilla/5.0 (Linux; Android 15; Mobile) AppleWebKit/537.36 Chrome/141.0.0.0 Mobile",
    "Mozilla/5.0 (Macintosh; Intel Mac OS X 14.7; rv:143.0) Gecko/20100101 Firefox/143.0",
)


class Customer(Struct, gc=False):
    """Somebody, with what lasts from one session to the next."""

    user_id: str
    """Empty for an anonymous visitor."""
    anonymous_id: str
    """The browser's."""
    city: str
    age: int
    """Years."""
    plan: str
    tastes: tuple[str, str, str]
    """Categories, the favourite first."""
    eagerness: float
    """Chance that a filled cart is taken to the checkout."""
    device: str
    reachable: bool = True
    """Has an address that mail does not come back from."""
    identified: bool = False
    subscribed: bool = True
    cart_id: str = ""
    cart: dict[str, int] = field(default_factory=dict)
    """Product id → quantity; survives an abandoned session."""

    @property
    def key(self) -> str:
        """The customer id: the record's key."""
        return self.user_id or self.anonymous_id


def customer(rng: random.Random, user_id: str) -> Customer:
    """Somebody new, drawn from `rng`."""
    draw = rng.random
    return Customer(
        user_id=user_id,
        anonymous_id=f"a-{rng.getrandbits(48):012x}",
        city=CITIES[int(draw() * draw() * len(CITIES))],
        age=18 + int((draw() + draw()) * 32),
        plan=PLANS[int(draw() * len(PLANS))],
        tastes=(_category(draw()), _category(draw()), _category(draw())),
        eagerness=0.2 + 0.6 * draw() * draw(),
        device=DEVICES[int(draw() * len(DEVICES))],
        reachable=draw() < 0.96,
        subscribed=draw() < 0.9,
    )


def _category(draw: float) -> str:
    return CATEGORIES[int(draw * len(CATEGORIES))]


class Population:
    """`size` customers, `c-000001` the most active: the k-th comes 1/k times as often (Zipf).

    Nobody is in two sessions at once, which makes the head of the law flat.
    """

    def __init__(self, rng: random.Random, size: int) -> None:
        """Raises ValueError when `size` is below 1."""
        if size < 1:
            raise ValueError(f"customers: expected at least 1, got {size}")
        self._rng = rng
        self._people = [customer(rng, f"c-{number:06d}") for number in range(1, size + 1)]
        self._reach = list(itertools.accumulate(1 / rank for rank in range(1, size + 1)))
        self._busy = bytearray(size)

    def __iter__(self) -> Iterator[Customer]:
        return iter(self._people)

    def leave(self) -> tuple[int, Customer]:
        """Somebody who is at home begins a session; the number is what `come_back` wants.

        There must be somebody: call it at most `size` times more often than `come_back`.
        """
        for _ in range(8):
            number = bisect(self._reach, self._rng.random() * self._reach[-1])
            if not self._busy[number]:
                break
        else:
            number = self._busy.index(0)
        self._busy[number] = 1
        return number, self._people[number]

    def come_back(self, number: int) -> None:
        """The session is over."""
        self._busy[number] = 0
