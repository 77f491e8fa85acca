"""Laws of the fold, for any events at all."""

import copy
from collections.abc import Sequence
from typing import Any, Final

import pytest
from hypothesis import given
from hypothesis import strategies as st

from state import sections
from state.bounds import FOLD_BYTES
from state.fold import _EFFECTS, fold
from state.profile import Orders, Profile, decode_profile, encode_profile
from state.touchpoint import Touchpoint
from state.windows import DAY_MS, ORDER_WINDOW_DAYS, count_since, value_since
from tests.state.traffic import MINUTE_MS, START_MS, touchpoint

TRAITS = {
    "plan": "string",
    "age": "int",
    "score": "double",
    "vip": "bool",
    "sports": "list(string)",
}
NAMES = [*_EFFECTS, "Page Viewed", "Identified"]
SECTIONS = {
    "channels": sections.CHANNELS,
    "events": sections.EVENTS,
    "sessions": sections.SESSIONS,
    "cart": sections.CART,
    "orders": sections.ORDERS,
    "affinity": sections.AFFINITY,
    "email": sections.EMAIL,
    "kiosk": sections.KIOSK,
    "chat": sections.CHAT,
    "traits": sections.TRAITS,
}

# JSON can spell half a surrogate pair, so any character may come.
texts = st.text(st.characters(exclude_categories=())) | st.sampled_from(["é" * 50, "😀" * 9_000])
numbers = (
    st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.sampled_from([10**30, -(10**400), 1 << 63, 1e308, -0.0, True])
)
scalars = st.none() | texts | numbers
# One level: the fold looks no deeper than that.
listed = st.lists(scalars, max_size=3) | st.lists(texts, max_size=40)
anything = scalars | listed | st.dictionaries(texts, scalars, max_size=3)
READ = ["product_id", "sku", "quantity", "price", "category", "cart_id"]
READ += ["products", "total", "revenue", "value", "rating"]
objects = st.dictionaries(st.sampled_from(READ), anything, max_size=5)
properties = st.builds(
    lambda plain, products: plain if products is None else plain | {"products": products},
    objects,
    st.none() | st.lists(objects | scalars, max_size=4),
)
# Two events at the same instant are where an order could matter.
times = st.sampled_from([START_MS, START_MS + 1]) | st.integers(
    START_MS - 120 * DAY_MS, START_MS + 120 * DAY_MS
)


@st.composite
def poisoned(draw: st.DrawFn, max_size: int = 10) -> list[Touchpoint]:
    """Events with whatever JSON can hold."""
    events = []
    for index in range(draw(st.integers(0, max_size))):
        name = draw(st.sampled_from(NAMES) | texts)
        event = touchpoint(name.encode("utf-8", "replace").decode(), draw(times))
        event.name = name
        event.channel = draw(st.sampled_from(["click", "email"]) | texts)
        event.fingerprint = index.to_bytes(8, "big")
        event.properties = draw(properties)
        if name == "Identified":
            event.type = "identify"
            event.traits = draw(st.dictionaries(st.sampled_from([*TRAITS]), anything))
        events.append(event)
    return events


amounts = st.integers(0, 10**8).map(lambda cents: cents / 100)
FAMILY = {"Email": "email", "Unsub": "email", "Subsc": "email", "Kiosk": "kiosk", "Live ": "chat"}


@st.composite
def sound(draw: st.DrawFn, max_size: int = 40) -> list[Touchpoint]:
    """Events as the specifications have them, each family in its channel, few enough to trim none.

    Each name comes from one channel only, so channels share no part of the profile but orders,
    affinity and sessions.
    """
    events = []
    for index in range(draw(st.integers(0, max_size))):
        name = draw(st.sampled_from(NAMES))
        product = {
            "product_id": draw(st.sampled_from("abc")),
            "category": draw(st.sampled_from(["Shoes", "Toys", "Books"])),
            "price": draw(amounts),
            "total": draw(amounts),
            "rating": draw(st.integers(1, 5)),
        }
        identify = name == "Identified"
        events.append(
            touchpoint(
                name,
                draw(times),
                product | draw(st.sampled_from([{}, {"products": [product]}, {"products": []}])),
                channel=FAMILY.get(name[:5], "click"),
                kind="identify" if identify else "track",
                traits={"plan": draw(st.sampled_from(["gold", "basic"]))} if identify else {},
                message_id=str(index),
            )
        )
    return events


def folded(events: Sequence[Touchpoint], profile: Profile | None = None) -> Profile:
    profile = profile or Profile()
    for event in events:
        fold(profile, event, TRAITS)
    return profile


@given(poisoned())
def test_nothing_an_event_holds_raises_or_outgrows_the_bound(events: list[Touchpoint]) -> None:
    profile = folded(events)
    blob = encode_profile(profile)
    assert len(blob) <= FOLD_BYTES
    assert decode_profile(blob) == profile


@given(poisoned())
def test_the_same_event_twice_is_once(events: list[Touchpoint]) -> None:
    once = folded(events)
    twice = folded([event for event in events for _ in range(2)])
    assert encode_profile(twice) == encode_profile(once)
    assert encode_profile(folded(events, twice)) == encode_profile(once)


@given(poisoned(), st.data())
def test_a_prefix_stored_and_loaded_and_then_the_rest_is_the_whole(
    events: list[Touchpoint], data: st.DataObject
) -> None:
    middle = data.draw(st.integers(0, len(events)))
    loaded = decode_profile(encode_profile(folded(events[:middle])))
    assert encode_profile(folded(events[middle:], loaded)) == encode_profile(folded(events))


@given(poisoned(max_size=5))
def test_the_fold_says_0_exactly_when_the_stored_profile_is_unchanged(
    events: list[Touchpoint],
) -> None:
    profile = Profile()
    for event in [*events, *events]:
        before = encode_profile(profile)
        assert (fold(profile, event, TRAITS) == 0) == (encode_profile(profile) == before)


@given(poisoned(max_size=5) | sound(max_size=20))
def test_a_section_that_is_not_named_has_not_changed(events: list[Touchpoint]) -> None:
    profile = Profile()
    for event in events:
        before = copy.deepcopy(profile)
        bits = fold(profile, event, TRAITS)
        for part, bit in SECTIONS.items():
            assert bits & bit or getattr(profile, part) == getattr(before, part), part


@given(poisoned(max_size=5))
def test_the_event_itself_is_left_as_it_came(events: list[Touchpoint]) -> None:
    before = copy.deepcopy(events)
    folded(events)
    assert events == before


@given(sound(), st.randoms(use_true_random=False))
def test_counts_times_and_scores_are_the_same_in_any_order(
    events: list[Touchpoint], dice: Any
) -> None:
    shuffled = events[:]
    dice.shuffle(shuffled)
    assert_alike_but_for_order(folded(events), folded(shuffled))


HOURS: Final = st.integers(-3_600_000, 3_600_000)


@given(sound(max_size=30), st.data())
def test_within_an_hour_of_disorder_repeats_anywhere_change_nothing_and_order_little(
    events: list[Touchpoint], data: st.DataObject
) -> None:
    """Each event happened within an hour of the others, and came once or more at any times."""
    for event in events:
        event.at_ms = START_MS + data.draw(HOURS)
    again = data.draw(st.lists(st.sampled_from(events), max_size=30)) if events else []
    came = []
    for event in data.draw(st.permutations([*events, *again])):
        arrival = copy.copy(event)
        arrival.received_ms = START_MS + data.draw(HOURS)
        came.append(arrival)
    first: dict[str, Touchpoint] = {}
    for arrival in came:
        first.setdefault(arrival.message_id, arrival)
    assert encode_profile(folded(came)) == encode_profile(folded([*first.values()]))
    assert_alike_but_for_order(folded(events), folded(came))


def assert_alike_but_for_order(one: Profile, other: Profile) -> None:
    """All that is said to be the same in any order: counts, times, amounts, scores."""
    for part in ("first_at", "last_at", "channels", "events", "email", "kiosk", "chat"):
        assert getattr(one, part) == getattr(other, part), part
    assert (
        one.orders.count,
        one.orders.last_at,
        one.orders.first_at,
        one.orders.last_value,
        [(day, count) for day, _, count in one.orders.recent],
        {name: interest.at for name, interest in one.affinity.items()},
    ) == (
        other.orders.count,
        other.orders.last_at,
        other.orders.first_at,
        other.orders.last_value,
        [(day, count) for day, _, count in other.orders.recent],
        {name: interest.at for name, interest in other.affinity.items()},
    )
    assert one.orders.value == pytest.approx(other.orders.value, rel=1e-9, abs=1e-3)
    assert [value for _, value, _ in one.orders.recent] == pytest.approx(
        [value for _, value, _ in other.orders.recent], rel=1e-9, abs=1e-3
    )
    assert {name: interest.score for name, interest in one.affinity.items()} == pytest.approx(
        {name: interest.score for name, interest in other.affinity.items()}
    )


@given(sound(), st.randoms(use_true_random=False))
def test_channels_may_overtake_each_other_and_even_cart_and_traits_are_the_same(
    events: list[Touchpoint], dice: Any
) -> None:
    queues: dict[str, list[Touchpoint]] = {}
    for event in events:
        queues.setdefault(event.channel, []).append(event)
    interleaved = []
    while any(queues.values()):
        channel = dice.choice([channel for channel, queue in queues.items() if queue])
        interleaved.append(queues[channel].pop(0))
    one, other = folded(events), folded(interleaved)
    for part in ("channels", "events", "cart", "email", "kiosk", "chat", "traits"):
        assert getattr(one, part) == getattr(other, part), part


@given(st.lists(st.integers(0, 600), max_size=60))
def test_sessions_are_those_of_the_list_of_times(minutes: list[int]) -> None:
    minutes.sort()
    began = [
        minute
        for index, minute in enumerate(minutes)
        if index == 0 or minute - minutes[index - 1] > 30
    ]
    profile = folded(
        [
            touchpoint("Page Viewed", START_MS + minute * MINUTE_MS, message_id=str(index))
            for index, minute in enumerate(minutes)
        ]
    )
    assert profile.sessions.count == len(began)
    if began:
        assert profile.sessions.started_at == START_MS + began[-1] * MINUTE_MS
        assert profile.sessions.events == sum(minute >= began[-1] for minute in minutes)


bought = st.tuples(times, amounts, st.sampled_from(["Order Completed", "Order Refunded"]))


def naive_window(happened: list[tuple[int, float, str]], since_ms: int) -> tuple[float, int]:
    value, count = 0.0, 0
    for at_ms, amount, name in happened:
        if at_ms >= since_ms:
            value += amount if name == "Order Completed" else -amount
            count += name == "Order Completed"
    return value, count


def orders_of(happened: list[tuple[int, float, str]]) -> Orders:
    return folded(
        [
            touchpoint(name, at_ms, {"total": amount}, message_id=str(index))
            for index, (at_ms, amount, name) in enumerate(happened)
        ]
    ).orders


@given(st.lists(bought, max_size=50), st.integers(-1, DAY_MS))
def test_the_orders_of_90_days_are_those_of_the_list_of_events(
    happened: list[tuple[int, float, str]], ahead_ms: int
) -> None:
    orders = orders_of(happened)
    value, count = naive_window(happened, 0)
    assert orders.count == count
    assert orders.value == pytest.approx(value, abs=1e-3)
    # Asked when the newest has come, by a clock that is up to a day behind it.
    now_ms = max([at_ms for at_ms, _, _ in happened], default=START_MS) - ahead_ms
    first_day = now_ms // DAY_MS - ORDER_WINDOW_DAYS
    value, count = naive_window(happened, first_day * DAY_MS)
    assert count_since(orders.recent, first_day) == count
    assert value_since(orders.recent, first_day) == pytest.approx(value, abs=1e-3)
    assert len(orders.recent) <= ORDER_WINDOW_DAYS + 2
