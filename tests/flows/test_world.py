"""What a shard knows of the world: the same after a crash, and again in the middle of a flush."""

import msgspec
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectors.events.dead_letter import Reason, Refusal
from connectors.kafka.broadcast import (
    ArmCounted,
    CountersSummed,
    ProductChanged,
    Told,
    encode_told,
    read_told,
)
from decisions.world import World
from flows.processor.world import Changes, decode_counter, recall
from state.decision import Outcome
from state.product import Listed, Product
from state.store.world import StoredWorld
from tests.decisions.offering.shop import HEAD, offer
from tests.decisions.someone import DAY_MS, START_MS, book

BOOK = book(
    "offers:\n"
    + "\n".join([offer("a", 1, "group: tea"), offer("b", 1, "propensity: 0.2")])
    + "\nlearning: {}\ngroups: {tea: {title: Tea, propensity: 0.1}}\n",
    HEAD,
)
MODEL = BOOK.model
GONE = ("gone", "click", "all")
ARMS = [
    ("a", "click", "all"),
    ("b", "click", "all"),
    ("", "click", "tea"),
    ("gone", "click", "all"),
]

outcomes = st.builds(
    lambda arm, at, taken: Outcome(arm[0], arm[1], arm[2], START_MS + at, 1.0, float(taken)),
    st.sampled_from([ARMS[0], ARMS[1], ARMS[3]]),
    st.integers(0, 90 * DAY_MS),
    st.booleans(),
)
summed = st.builds(
    lambda number, arm, tries, share, at: CountersSummed(
        number, [ArmCounted(arm[0], arm[1], arm[2], tries, tries * share, at)]
    ),
    st.integers(1, 50),
    st.sampled_from(ARMS),
    st.floats(0, 1e4),
    st.floats(0, 1),
    st.integers(START_MS, START_MS + 90 * DAY_MS),
)
changed = st.builds(
    ProductChanged,
    st.integers(1, 9),
    st.sampled_from(["topic", "another"]),
    st.sampled_from(["tent", "mat"]),
    st.none() | st.builds(Product, stock=st.integers(0, 2)),
)
deeds = st.lists(outcomes | summed | changed, max_size=20)


def fresh() -> World:
    return recall(BOOK, StoredWorld({}, {}, {}, {}))


def bits(world: World) -> tuple[list[tuple[bytes, bytes]], dict[str, Listed] | None]:
    assert world.counters is not None
    assert MODEL is not None
    encode = msgspec.msgpack.encode
    counters = [
        (encode(world.counters.own(row)), encode(world.counters.told(row)))
        for row in range(MODEL.size)
    ]
    return counters, dict(world.products or {})


def take(changes: Changes, moment: int, deed: Outcome | CountersSummed | ProductChanged) -> None:
    if isinstance(deed, Outcome):
        changes.learn(moment, [deed])
    else:
        changes.tell(moment, deed)


@given(st.lists(deeds, max_size=4))
def test_what_is_recalled_is_what_was_known_to_the_bit(flushes: list[list[object]]) -> None:
    world = fresh()
    learned: dict[str, bytes] = {}
    told: dict[str, bytes] = {}
    products: dict[str, bytes] = {}
    for flush in flushes:
        changes = Changes(world, BOOK)
        for moment, deed in enumerate(flush):
            assert isinstance(deed, Outcome | CountersSummed | ProductChanged)
            take(changes, moment, deed)
        learned |= changes.learned
        told |= changes.told
        products |= changes.products
    again = recall(BOOK, StoredWorld(learned, told, products, {}))
    assert (again.told, again.products) == (world.told, world.products)
    assert again.counters is not None
    assert world.counters is not None
    now_ms = START_MS + 91 * DAY_MS
    assert MODEL is not None
    rows = list(MODEL.rows.values())
    assert (
        again.counters.totals(np.array(rows), now_ms).tobytes()
        == world.counters.totals(np.array(rows), now_ms).tobytes()
    )


@given(deeds, st.integers(0, 20))
def test_in_the_middle_of_a_flush_the_world_can_be_had_as_it_was(
    flush: list[Outcome | CountersSummed | ProductChanged], middle: int
) -> None:
    world = fresh()
    changes = Changes(world, BOOK)
    for moment, deed in enumerate(flush):
        take(changes, moment, deed)
    after = bits(world)
    other = fresh()
    others = Changes(other, BOOK)
    for moment, deed in enumerate(flush[:middle]):
        take(others, moment, deed)
    rewound = changes.rewind()
    rewound.go(middle)
    assert world.counters is not None
    assert other.counters is not None
    for row in range(MODEL.size if MODEL else 0):
        for one, two in (
            (world.counters.own(row), other.counters.own(row)),
            (world.counters.told(row), other.counters.told(row)),
        ):
            # As of another landmark, perhaps: then by a power of two.
            by = 2.0 ** ((world.counters.at_ms - other.counters.at_ms) / (30 * DAY_MS))
            assert (one.tries * by, one.taken * by) == (two.tries, two.taken)
    assert world.products == other.products
    rewound.go(len(flush) + 1)
    assert bits(world) == after


def test_what_is_not_later_than_what_was_told_is_passed_over() -> None:
    changes = Changes(fresh(), BOOK)
    arm = ArmCounted("a", "click", "all", 5.0, 1.0, START_MS)
    changes.tell(0, CountersSummed(7, [arm]))
    changes.tell(1, CountersSummed(7, [msgspec.structs.replace(arm, tries=9.0)]))
    changes.tell(2, CountersSummed(6, [msgspec.structs.replace(arm, tries=9.0)]))
    assert changes.passed_over == 2
    assert changes.told["number"] == b"7"
    kept = decode_counter(changes.told["a click all"])
    assert (kept.tries, kept.taken) == (5.0, 1.0)


def test_outcomes_of_what_the_playbook_does_not_have_are_counted_and_change_nothing() -> None:
    world = fresh()
    before = bits(world)
    changes = Changes(world, BOOK)
    changes.learn(0, [Outcome("gone", "click", "all", START_MS, 1.0, 1.0)])
    changes.learn(0, [Outcome("a", "click", "noon", START_MS, 1.0, 1.0)])
    assert changes.booked == {"unknown": 2}
    assert (changes.learned, bits(world)) == ({}, before)


def test_what_a_catalogue_says_of_a_product_stays_until_it_says_something_later() -> None:
    world = fresh()
    changes = Changes(world, BOOK)

    products = world.products
    assert products is not None

    def says(number: int, stock: int | None, source: str = "one") -> None:
        product = None if stock is None else Product("shoes", 49.0, stock)
        changes.tell(0, ProductChanged(number, source, "sku-1", product))

    says(5, 3)
    says(5, 9)
    says(4, 9)
    assert products["sku-1"].product == Product("shoes", 49.0, 3)
    says(6, None)
    assert products.pop("sku-1") == Listed("one", 6, None)
    says(1, 8, "two")
    assert products["sku-1"].product == Product("shoes", 49.0, 8)
    assert recall(BOOK, StoredWorld({}, {}, changes.products, {})).products == world.products
    assert changes.passed_over == 2


@given(summed | st.builds(ProductChanged, st.integers(1, 9), st.just("t"), st.just("p"), st.none()))
def test_a_record_is_read_as_it_was_written(told: Told) -> None:
    assert read_told(encode_told(told)) == told


@pytest.mark.parametrize(
    "value",
    [
        None,
        b"",
        b"{}",
        b"[]",
        b"\xff",
        b'{"kind":"counters.summed","number":0,"arms":[]}',
        b'{"kind":"counters.summed","number":1,"arms":[["a","click","all",1.0]]}',
        b'{"kind":"counters.summed","number":1,"arms":[["a","click","all",-1.0,0.0,1]]}',
        b'{"kind":"counters.summed","number":1,"arms":[["a","click","all",NaN,0.0,1]]}',
        b'{"kind":"counters.summed","number":1,"arms":[["a","click","all",1e400,0.0,1]]}',
        b'{"kind":"product.changed","number":1,"source":"t","id":"p","product":{"stock":-1}}',
        b'{"kind":"something.else","number":1}',
    ],
)
def test_a_record_that_is_none_of_ours_is_refused_with_its_reason(value: bytes | None) -> None:
    refused = read_told(value)
    assert isinstance(refused, Refusal)
    assert refused.reason is Reason.BAD_BROADCAST
