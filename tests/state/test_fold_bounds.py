"""The profile stays small, whatever is sent, and says what it dropped."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from state.bounds import (
    BLOB_BYTES,
    CATEGORIES_KEPT,
    CHANNELS_KEPT,
    CONSENTS_KEPT,
    EVENTS_KEPT,
    FINGERPRINTS_KEPT,
    FOLD_BYTES,
    ITEMS_KEPT,
    LINES_KEPT,
    LISTS_KEPT,
    NAME_BYTES,
    PRODUCTS_READ,
    TRAIT_BYTES,
    TRAITS_KEPT,
    cut,
)
from state.fold import fold
from state.profile import (
    Cart,
    CartLine,
    ChannelActivity,
    Chat,
    Consent,
    Email,
    Interest,
    Kiosk,
    Orders,
    Profile,
    Sessions,
    decode_profile,
    encode_profile,
)
from state.repeats import ENTRY_BYTES
from state.windows import DAY_MS, ORDER_WINDOW_DAYS, count_since, value_since
from tests.state.traffic import HOUR_MS, START_MS, touchpoint

LONG = "日本語😀é" * 2_000
"""30 KB of characters of two, three and four bytes."""

DECLARED = {
    f"{'t' * (NAME_BYTES - 4)}{index:04}": "string" if index % 3 else "list(string)"
    for index in range(100)
}


def poison(index: int) -> list[Any]:
    """Events in which everything that can be a key is new and too long."""
    key = f"{index:06}{LONG}"
    products = [
        {
            "product_id": f"{index:06}{number:06}{LONG[:80]}",
            "category": f"{index:06}{number:06}{LONG[:80]}",
            "price": 1e12 - number - 0.5,
            "quantity": 1_000_000,
        }
        for number in range(150)
    ]
    body = {"products": products, "category": key, "cart_id": key, "total": 1e12 - index - 0.5}
    at_ms = START_MS + index * HOUR_MS
    events = [
        touchpoint(name, at_ms, body, channel=key, message_id=f"{name}{index}")
        for name in ("Order Completed", "Kiosk Transaction Completed", "Cart Viewed", key)
    ]
    agreed = {"purpose": key}
    events.append(touchpoint("Consent Granted", at_ms, agreed, message_id=f"consent{index}"))
    identified = touchpoint("Identified", at_ms, kind="identify", message_id=f"identify{index}")
    many = [f"{number:06}{LONG[:80]}" for number in range(150)]
    identified.traits = {
        name: LONG if kind == "string" else many for name, kind in DECLARED.items()
    }
    return [*events, identified]


def test_the_limits_together_keep_within_the_bound() -> None:
    many, late, much = (1 << 32) - 1, 1 << 50, 1e18 + 0.5

    def names(count: int) -> list[str]:
        return [f"{index:0{NAME_BYTES}}" for index in range(count)]

    profile = Profile(
        recent=bytes(ENTRY_BYTES * FINGERPRINTS_KEPT),
        first_at=late,
        last_at=late,
        channels={name: ChannelActivity(many, late, late) for name in names(CHANNELS_KEPT)},
        events=dict.fromkeys(names(EVENTS_KEPT), many),
        sessions=Sessions(many, late, late, many),
        cart=Cart(
            "c" * NAME_BYTES,
            {name: CartLine(1_000_000, much, "c" * NAME_BYTES) for name in names(LINES_KEPT)},
            much,
            late,
            late,
        ),
        orders=Orders(many, much, late, much, [(1 << 31, much, many)] * (ORDER_WINDOW_DAYS + 2)),
        affinity={name: Interest(much, late) for name in names(CATEGORIES_KEPT)},
        email=Email(many, many, many, many, True, late, late, late, late),
        kiosk=Kiosk(many, many, many, late, late),
        chat=Chat(many, many, late, True, 5, late, late),
        traits={
            name: ["t" * TRAIT_BYTES] * ITEMS_KEPT if number < LISTS_KEPT else "t" * TRAIT_BYTES
            for number, name in enumerate(names(TRAITS_KEPT))
        },
        trimmed=many,
        identified_at=late,
        consents={name: Consent(True, late) for name in names(CONSENTS_KEPT)},
    )
    assert 0.9 * FOLD_BYTES < len(encode_profile(profile)) <= FOLD_BYTES < BLOB_BYTES


def test_a_profile_of_poisoned_keys_stays_within_the_bound() -> None:
    profile = Profile()
    for index in range(70):
        for event in poison(index):
            assert fold(profile, event, DECLARED) != 0
    blob = encode_profile(profile)
    assert len(blob) <= FOLD_BYTES
    assert decode_profile(blob) == profile
    assert len(profile.channels) == CHANNELS_KEPT
    assert len(profile.consents) == CONSENTS_KEPT
    assert len(profile.events) == EVENTS_KEPT
    assert len(profile.cart.lines) == LINES_KEPT
    assert len(profile.affinity) == CATEGORIES_KEPT
    assert len(profile.traits) == TRAITS_KEPT
    lists = [kept for kept in profile.traits.values() if isinstance(kept, list)]
    assert [len(kept) for kept in lists] == [ITEMS_KEPT] * len(lists)
    assert len(lists) <= LISTS_KEPT
    assert profile.trimmed > 10_000


def test_the_names_seen_least_often_make_room() -> None:
    profile = Profile()
    for index in range(EVENTS_KEPT):
        for again in range(2 if index else 1):
            fold(profile, touchpoint(f"e{index:02}", message_id=f"{index} {again}"), {})
    fold(profile, touchpoint("new"), {})
    assert "e00" not in profile.events
    assert profile.events["new"] == 1
    assert len(profile.events) == EVENTS_KEPT
    assert profile.trimmed == 1


def test_of_names_seen_equally_often_the_first_by_name_makes_room() -> None:
    profile = Profile()
    for index in reversed(range(CHANNELS_KEPT)):
        fold(profile, touchpoint("Page Viewed", channel=f"c{index:02}"), {})
    fold(profile, touchpoint("Page Viewed", channel="new"), {})
    assert sorted(profile.channels) == sorted(
        ["new", *(f"c{index:02}" for index in range(1, CHANNELS_KEPT))]
    )


def test_the_category_that_faded_most_makes_room() -> None:
    profile = Profile()
    old = {"category": "old"}
    fold(profile, touchpoint("Product Added", START_MS - 90 * 24 * HOUR_MS, old), {})
    for index in range(CATEGORIES_KEPT):
        fold(profile, touchpoint("Product Viewed", properties={"category": f"c{index:02}"}), {})
    assert "old" not in profile.affinity
    assert len(profile.affinity) == CATEGORIES_KEPT
    assert profile.trimmed == 1


def test_the_cheapest_cart_line_makes_room_and_leaves_the_cart_value() -> None:
    profile = Profile()
    for price in range(LINES_KEPT + 1):
        product = {"product_id": f"p{price:02}", "price": price + 1}
        fold(profile, touchpoint("Product Added", START_MS + price, product), {})
    assert "p00" not in profile.cart.lines
    assert profile.cart.value == sum(range(2, LINES_KEPT + 2))


def test_a_trait_that_is_no_longer_declared_makes_room_first() -> None:
    profile = Profile()
    declared = {f"t{index:02}": "int" for index in range(TRAITS_KEPT)}
    said = dict.fromkeys([*declared, "new", "zzz"], 1)
    fold(profile, touchpoint("Identified", kind="identify", traits=said), declared)
    now_declared = {name: "int" for name in said if name != "t07"}
    event = touchpoint("Identified", START_MS + 1, kind="identify", traits=said)
    fold(profile, event, now_declared)
    assert sorted(profile.traits) == sorted({*declared, "new"} - {"t07"})
    assert profile.trimmed == 2


def test_many_orders_are_kept_by_the_day_and_lose_neither_value_nor_count() -> None:
    profile = Profile()
    for index in range(1_000):
        at_ms = START_MS + index * 2 * HOUR_MS
        fold(profile, touchpoint("Order Completed", at_ms, {"total": 2}), {})
        assert len(profile.orders.recent) <= ORDER_WINDOW_DAYS + 2
    assert count_since(profile.orders.recent, 0) == 1_000
    assert value_since(profile.orders.recent, 0) == 2_000.0
    assert profile.trimmed == 0


def test_of_10000_products_the_first_100_are_read() -> None:
    profile = Profile()
    products = [{"product_id": str(index), "price": index + 1} for index in range(10_000)]
    fold(profile, touchpoint("Cart Viewed", properties={"products": products}), {})
    assert max(profile.cart.lines.values(), key=lambda line: line.price).price == PRODUCTS_READ
    assert profile.trimmed == 1 + PRODUCTS_READ - LINES_KEPT


def test_an_order_is_kept_for_a_clock_that_is_a_day_behind_the_newest() -> None:
    profile = Profile()
    for hours in (0, 91 * 24):
        at_ms = START_MS + hours * HOUR_MS
        fold(profile, touchpoint("Order Completed", at_ms, {"total": 2}), {})
    assert count_since(profile.orders.recent, START_MS // DAY_MS) == 2


def test_orders_older_than_the_window_are_forgotten_without_a_word() -> None:
    profile = Profile()
    for day in (0, 200):
        at_ms = START_MS + day * 24 * HOUR_MS
        fold(profile, touchpoint("Order Completed", at_ms, {"total": 2}), {})
    assert len(profile.orders.recent) == 1
    assert (profile.orders.count, profile.trimmed) == (2, 0)


@pytest.mark.parametrize(
    ("text", "kept", "counted"),
    [
        ("a" * NAME_BYTES, "a" * NAME_BYTES, 0),
        ("a" * NAME_BYTES + "b", "a" * NAME_BYTES, 1),
        ("é" * 20, "é" * 20, 0),
        ("é" * 21, "é" * 20, 1),
        ("a" + "é" * 20, "a" + "é" * 19, 1),
        ("a" * 38 + "😀", "a" * 38, 1),
        ("\ud83d", "?", 0),
    ],
)
def test_text_is_cut_at_a_limit_of_bytes_and_between_characters(
    text: str, kept: str, counted: int
) -> None:
    profile = Profile()
    assert cut(profile, text) == kept
    assert len(kept.encode()) <= NAME_BYTES
    assert profile.trimmed == counted


def test_a_long_name_is_counted_under_its_cut_name_every_time() -> None:
    profile = Profile()
    for again in range(3):
        fold(profile, touchpoint(LONG, message_id=str(again)), {})
    assert list(profile.events.values()) == [3]


def test_a_string_trait_is_cut_to_its_limit() -> None:
    profile = Profile()
    event = touchpoint("Identified", kind="identify", traits={"plan": LONG})
    fold(profile, event, {"plan": "string"})
    kept = profile.traits["plan"]
    assert isinstance(kept, str)
    assert LONG.startswith(kept)
    assert TRAIT_BYTES - 3 <= len(kept.encode()) <= TRAIT_BYTES


topics = st.lists(st.text(st.characters(exclude_categories=()), max_size=90), max_size=50)


@given(topics, topics)
def test_of_a_list_the_first_different_texts_are_kept_each_cut_and_come_back_as_stored(
    said: list[str], again: list[str]
) -> None:
    profile = Profile()
    event = touchpoint("Identified", kind="identify", traits={"sports": [*said, *again]})
    fold(profile, event, {"sports": "list(string)"})
    kept = profile.traits["sports"]
    assert isinstance(kept, list)
    wanted: list[str] = []
    for text in [*said, *again]:
        readable = "".join("?" if 0xD800 <= ord(one) < 0xE000 else one for one in text)
        while len(readable.encode()) > TRAIT_BYTES:
            readable = readable[:-1]
        wanted += [] if readable in wanted else [readable]
    assert kept == wanted[:ITEMS_KEPT]
    assert decode_profile(encode_profile(profile)) == profile
    assert (profile.trimmed == 0) == (
        len(wanted) <= ITEMS_KEPT
        and all(len(text.encode("utf-8", "replace")) <= TRAIT_BYTES for text in [*said, *again])
    )


def test_of_lists_the_one_that_is_no_longer_declared_makes_room_then_the_last_by_name() -> None:
    profile = Profile()
    declared = dict.fromkeys(["c", "a", "b"], "list(string)")
    said = {name: ["x"] for name in declared}
    fold(profile, touchpoint("Identified", kind="identify", traits=said), declared)
    assert sorted(profile.traits) == ["a", "b"]
    now_declared = {"b": "list(string)", "c": "list(string)", "plan": "string"}
    event = touchpoint(
        "Identified", START_MS + 1, kind="identify", traits={"c": ["y"], "plan": "gold"}
    )
    fold(profile, event, now_declared)
    assert profile.traits == {"b": ["x"], "c": ["y"], "plan": "gold"}
    assert profile.trimmed == 2
