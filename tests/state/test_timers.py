"""The timers in memory are those of a plain sorted list, however few of them are there at once."""

from collections.abc import Callable

from hypothesis import given
from hypothesis import settings as examples
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from state.timers import EVER, Timer, TimerIndex

CUSTOMERS = [f"c{n}" for n in range(12)]
dues = st.integers(0, 40)


class Stored(RuleBasedStateMachine):
    """Redis holds what is committed; what is set since then is ahead of it."""

    few = 64

    def __init__(self) -> None:
        super().__init__()
        self.index = TimerIndex(most=3, few=self.few)
        self.stored: dict[str, int] = {}
        self.ahead: dict[str, int] = {}

    @rule(customer=st.sampled_from(CUSTOMERS), due=dues)
    def is_set(self, customer: str, due: int) -> None:
        self.index.set(customer, due)
        self.ahead[customer] = due

    @rule()
    def is_committed(self) -> None:
        self.stored |= self.ahead
        self.stored = {customer: due for customer, due in self.stored.items() if due}
        self.ahead = {}

    @rule(until=dues, most=st.integers(1, 5))
    def is_asked(self, until: int, most: int) -> None:
        asked = self.index.most
        while not self.index.knows(until, most):
            self.index.extend(self.sorted(self.stored)[:asked], asked, self.ahead)
            asked *= 2
        expected = [timer for timer in self.sorted(self.stored | self.ahead) if timer[0] <= until]
        assert self.index.due(until, most) == expected[:most]

    def sorted(self, timers: dict[str, int]) -> list[Timer]:
        return sorted((due, customer) for customer, due in timers.items() if due)

    @invariant()
    def the_first_one_is_the_first_there_is(self) -> None:
        known = [t for t in self.sorted(self.stored | self.ahead) if t <= self.index.horizon]
        assert self.index.first() == (known[0][0] if known else EVER)


class ManyAtOnce(Stored):
    """So many are due at once that it pays to sort them."""

    few = 2


TestManyAtOnce = ManyAtOnce.TestCase
TestManyAtOnce.settings = examples(max_examples=200, stateful_step_count=40)
TestStored = Stored.TestCase
TestStored.settings = examples(max_examples=200, stateful_step_count=40)


@given(st.lists(st.tuples(st.integers(1, 10**6), st.sampled_from(CUSTOMERS)), max_size=2_000))
def test_what_is_set_again_and_again_takes_no_more_room(timers: list[Timer]) -> None:
    index = TimerIndex(most=4)
    index.extend([], 4, {})
    for due, customer in timers:
        index.set(customer, due)
        assert len(index._heap) <= 2 * max(index.most, len(CUSTOMERS)) + 1


def test_many_are_due_at_one_instant_and_each_comes() -> None:
    index = TimerIndex(most=2)
    stored = [(7, f"c{n:03}") for n in range(50)]
    asked = 2
    while not index.knows(7, 50):
        index.extend(stored[:asked], asked, {})
        asked *= 2
    assert index.due(7, 50) == stored


def read(index: TimerIndex, read_stored: Callable[[int], list[Timer]]) -> None:
    index.extend(read_stored(index.most), index.most, {})


def test_those_that_wait_for_long_are_not_in_memory() -> None:
    index = TimerIndex(most=10)
    read(index, lambda most: [(n, f"c{n}") for n in range(1, 10_000)][:most])
    for n in range(10_000, 20_000):
        index.set(f"c{n}", n)
    assert len(index) <= 10
    assert index.first() == 1


def test_a_million_that_wait_for_one_instant_are_not_in_memory_either() -> None:
    index = TimerIndex(most=10)
    read(index, lambda most: [(7, f"c{n:04}") for n in range(1_000)][:most])
    for n in range(1_000):
        index.set(f"d{n:04}", 7)
    assert len(index) <= 20
    assert index.due(7, 10) == [(7, f"c{n:04}") for n in range(10)]
    assert not index.knows(7, 11)


def test_who_was_set_to_one_time_more_than_once_is_due_once() -> None:
    index = TimerIndex(most=10, few=2)
    index.extend([], 10, {})
    for customer in CUSTOMERS[:6]:
        for due in (7, 9, 7):
            index.set(customer, due)
    assert index.due(7, 10) == [(7, customer) for customer in CUSTOMERS[:6]]
    assert index.due(7, 4) == [(7, customer) for customer in CUSTOMERS[:4]]
