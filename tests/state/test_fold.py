"""What single events do to a profile."""

from itertools import permutations
from typing import Any

import pytest

from state import sections
from state.event_names import event_name
from state.fold import fold
from state.profile import CartLine, Profile, encode_profile
from tests.state.traffic import HOUR_MS, MINUTE_MS, START_MS, touchpoint

TRAITS = {
    "plan": "string",
    "age": "int",
    "score": "double",
    "vip": "bool",
    "sports": "list(string)",
}


def after(*steps: tuple[str, int, dict[str, Any]]) -> Profile:
    """A new customer's profile after (event, minutes since the start, properties)..."""
    profile = Profile()
    for name, minutes, properties in steps:
        fold(profile, touchpoint(name, START_MS + minutes * MINUTE_MS, properties), TRAITS)
    return profile


def seen(profile: Profile) -> dict[str, int]:
    """Event name → how often."""
    return {event_name(key): count for key, count in profile.events.items()}


def identified(*steps: tuple[int, dict[str, Any]]) -> Profile:
    profile = Profile()
    for minutes, traits in steps:
        at_ms = START_MS + minutes * MINUTE_MS
        fold(profile, touchpoint("Identified", at_ms, kind="identify", traits=traits), TRAITS)
    return profile


def test_every_event_is_counted_by_channel_and_by_name_with_its_first_and_last_time() -> None:
    profile = Profile()
    fold(profile, touchpoint("Page Viewed", START_MS + 5), {})
    fold(profile, touchpoint("Page Viewed", START_MS + 1), {})
    fold(profile, touchpoint("Email Opened", START_MS + 9, channel="email"), {})
    assert seen(profile) == {"Page Viewed": 2, "Email Opened": 1}
    assert {name: c.events for name, c in profile.channels.items()} == {"click": 2, "email": 1}
    assert (profile.channels["click"].first_at, profile.channels["click"].last_at) == (
        START_MS + 1,
        START_MS + 5,
    )
    assert (profile.first_at, profile.last_at) == (START_MS + 1, START_MS + 9)


def test_a_repeat_is_known_among_the_last_64_events_and_no_longer() -> None:
    profile = Profile()
    first = touchpoint("Page Viewed", START_MS)
    fold(profile, first, {})
    for minute in range(1, 64):
        fold(profile, touchpoint("Page Viewed", START_MS + minute), {})
    assert fold(profile, first, {}) == 0
    fold(profile, touchpoint("Page Viewed", START_MS + 64), {})
    assert fold(profile, first, {}) != 0
    assert len(profile.recent) == 64 * 12


def test_a_fingerprint_that_two_neighbours_spell_between_them_is_no_repeat() -> None:
    profile = Profile()
    for fingerprint in (b"aaaabbbb", b"cccc\xff\xff\xff\xff"):  # late, read as a second
        event = touchpoint("Page Viewed")
        event.fingerprint = fingerprint
        fold(profile, event, {})
    between = touchpoint("Page Viewed")
    between.fingerprint = profile.recent[8:16]
    assert fold(profile, between, {}) != 0
    assert fold(profile, between, {}) == 0


def test_a_gap_of_more_than_30_minutes_begins_a_new_session() -> None:
    profile = after(("Page Viewed", 0, {}), ("Page Viewed", 30, {}), ("Page Viewed", 61, {}))
    assert (profile.sessions.count, profile.sessions.events) == (2, 1)
    assert profile.sessions.started_at == START_MS + 61 * MINUTE_MS


def test_a_late_event_joins_the_session_it_touches_and_no_other() -> None:
    profile = after(("Page Viewed", 100, {}), ("Page Viewed", 110, {}), ("Page Viewed", 75, {}))
    assert (profile.sessions.count, profile.sessions.events) == (1, 3)
    assert profile.sessions.started_at == START_MS + 75 * MINUTE_MS
    assert profile.sessions.last_at == START_MS + 110 * MINUTE_MS
    before = encode_profile(profile)
    bits = fold(profile, touchpoint("Page Viewed", START_MS + 44 * MINUTE_MS), {})
    assert encode_profile(profile) != before
    assert not bits & sections.SESSIONS
    assert profile.sessions.events == 3


def test_mail_that_arrives_is_no_session() -> None:
    profile = after(("Email Delivered", 0, {}), ("Email Opened", 90, {}))
    assert profile.sessions.count == 0


def test_the_cart_follows_what_is_added_and_removed() -> None:
    shoe = {"product_id": "shoe", "price": 50.0, "category": "Shoes"}
    sock = {"sku": "sock", "price": 2.5, "quantity": 4, "cart_id": "c1"}
    profile = after(("Product Added", 0, shoe), ("Product Added", 1, sock))
    assert profile.cart.lines == {
        "shoe": CartLine(1, 50.0, "Shoes"),
        "sock": CartLine(4, 2.5, ""),
    }
    assert (profile.cart.value, profile.cart.cart_id) == (60.0, "c1")
    assert profile.cart.updated_at == START_MS + MINUTE_MS
    fold(profile, touchpoint("Product Removed", START_MS + 2, sock | {"quantity": 1}), {})
    assert profile.cart.lines["sock"].quantity == 3
    fold(profile, touchpoint("Product Removed", START_MS + 3, sock | {"quantity": 3}), {})
    assert "sock" not in profile.cart.lines
    fold(profile, touchpoint("Product Added", START_MS + 3, sock), {})
    fold(profile, touchpoint("Product Removed", START_MS + 3, {"sku": "sock"}), {})
    fold(profile, touchpoint("Product Removed", START_MS + 4, {"sku": "unknown"}), {})
    assert list(profile.cart.lines) == ["shoe"]
    assert profile.cart.value == 50.0


def test_the_same_product_twice_is_one_line_at_the_last_price() -> None:
    profile = after(
        ("Product Added", 0, {"product_id": 7982301904001, "price": 10, "category": "Toys"}),
        ("Product Added", 1, {"product_id": 7982301904001, "price": 8, "quantity": 2}),
    )
    assert profile.cart.lines == {"7982301904001": CartLine(3, 8.0, "Toys")}
    assert profile.cart.value == 24.0


def test_a_cart_that_is_listed_replaces_the_lines() -> None:
    profile = after(
        ("Product Added", 0, {"product_id": "old", "price": 1}),
        ("Cart Viewed", 1, {"products": [{"product_id": "a", "price": 3, "quantity": 2}, 7]}),
    )
    assert profile.cart.lines == {"a": CartLine(2, 3.0, "")}
    fold(profile, touchpoint("Checkout Started", START_MS + HOUR_MS, {"value": 6}), {})
    assert list(profile.cart.lines) == ["a"]
    fold(profile, touchpoint("Cart Viewed", START_MS + HOUR_MS, {"products": [1, "x"]}), {})
    assert list(profile.cart.lines) == ["a"]
    fold(profile, touchpoint("Cart Viewed", START_MS + HOUR_MS, {"products": []}), {})
    assert profile.cart.lines == {}
    # An integer 0 would be equal, but stored as other bytes than after loading.
    assert repr(profile.cart.value) == "0.0"


def test_no_more_than_a_million_pieces_of_a_product_are_believed() -> None:
    profile = after(
        ("Product Added", 0, {"sku": "a", "price": 1, "quantity": 1_000_000}),
        ("Product Added", 1, {"sku": "a", "quantity": 1_000_000}),
        ("Product Added", 2, {"sku": "b", "price": 1, "quantity": 1_000_001}),
    )
    assert {name: line.quantity for name, line in profile.cart.lines.items()} == {
        "a": 1_000_000,
        "b": 1,
    }


def test_an_order_empties_the_cart_and_what_happened_before_it_does_not_fill_it_again() -> None:
    profile = after(
        ("Product Added", 0, {"product_id": "a", "price": 3, "cart_id": "c1"}),
        ("Order Completed", 10, {"total": 3}),
        ("Product Added", 5, {"product_id": "b", "price": 3}),
        ("Cart Viewed", 6, {"products": [{"product_id": "b"}]}),
    )
    assert (profile.cart.lines, profile.cart.value, profile.cart.cart_id) == ({}, 0.0, "")
    fold(profile, touchpoint("Product Added", START_MS + HOUR_MS, {"product_id": "n"}), {})
    assert list(profile.cart.lines) == ["n"]


@pytest.mark.parametrize(
    ("properties", "value"),
    [
        ({"total": 10, "revenue": 8, "value": 7}, 10.0),
        ({"total": "10", "revenue": 8.5, "value": 7}, 8.5),
        ({"total": True, "revenue": -1, "value": 7}, 7.0),
        ({"total": 10**30, "revenue": 1e308, "value": [1]}, 0.0),
        ({}, 0.0),
    ],
)
def test_an_order_is_worth_its_total_else_its_revenue_else_its_value(
    properties: dict[str, Any], value: float
) -> None:
    profile = after(("Order Completed", 0, properties))
    assert (profile.orders.count, profile.orders.value) == (1, value)


def test_refunds_and_cancellations_take_value_and_leave_the_count() -> None:
    profile = after(
        ("Order Completed", 0, {"total": 100}),
        ("Order Refunded", 5, {"total": 30}),
        ("Order Cancelled", 6, {}),
        ("Order Cancelled", 7, {"value": 20}),
    )
    assert (profile.orders.count, profile.orders.value, profile.orders.last_value) == (1, 50, 100)
    assert [(value, orders) for _, value, orders in profile.orders.recent] == [(50, 1)]


def test_a_kiosk_sale_is_an_order_and_leaves_the_web_cart_alone() -> None:
    profile = after(
        ("Product Added", 0, {"product_id": "a", "price": 3}),
        ("Kiosk Session Started", 1, {}),
        ("Kiosk Item Scanned", 2, {"category": "Toys"}),
        ("Kiosk Transaction Failed", 3, {}),
        ("Kiosk Transaction Completed", 4, {"total": 12}),
        ("Kiosk Transaction Completed", 5, {}),
        ("Kiosk Session Ended", 6, {}),
    )
    kiosk = profile.kiosk
    assert (kiosk.visits, kiosk.transactions, kiosk.failures) == (1, 2, 1)
    assert kiosk.last_failure_at == START_MS + 3 * MINUTE_MS
    assert kiosk.last_visit_at == START_MS + 6 * MINUTE_MS
    assert (profile.orders.count, profile.orders.value) == (1, 12.0)
    assert list(profile.cart.lines) == ["a"]


def test_what_a_customer_does_weighs_on_the_categories_it_names() -> None:
    profile = after(
        ("Product Viewed", 0, {"category": "Shoes"}),
        ("Product Added", 0, {"category": "Shoes", "product_id": "a"}),
        ("Kiosk Item Scanned", 0, {"category": "Toys"}),
        (
            "Order Completed",
            0,
            {"products": [{"category": "Books"}, {"category": "Books"}, {"category": 3}, None]},
        ),
        ("Product Viewed", 0, {"category": ["Garden"]}),
    )
    scores = {name: interest.score for name, interest in profile.affinity.items()}
    assert scores == {"Shoes": 4.0, "Toys": 2.0, "Books": 5.0, "3": 5.0}


def test_a_known_category_beside_products_does_not_hide_theirs() -> None:
    both = {"category": "Shoes", "products": [{"category": "Toys"}, {"category": "Shoes"}]}
    profile = after(("Product Viewed", 0, {"category": "Shoes"}), ("Product Viewed", 0, both))
    scores = {name: interest.score for name, interest in profile.affinity.items()}
    assert scores == {"Shoes": 2.0, "Toys": 1.0}


@pytest.mark.parametrize("product_id", [1 << 63, 10**400, 1.5, True, None, ["a"], ""])
def test_what_is_no_id_puts_nothing_into_the_cart(product_id: object) -> None:
    assert not after(("Product Added", 0, {"product_id": product_id, "price": 1})).cart.lines


def test_mail_is_counted_and_the_newest_word_on_the_subscription_holds() -> None:
    profile = after(
        ("Email Delivered", 0, {}),
        ("Email Sent", 1, {}),
        ("Email Opened", 2, {}),
        ("Email Link Clicked", 3, {}),
        ("Email Bounced", 4, {}),
        ("Unsubscribed", 6, {}),
        ("Subscribed", 5, {}),
    )
    email = profile.email
    assert (email.sent, email.opened, email.clicked, email.bounced) == (2, 1, 1, 1)
    assert email.last_sent_at == START_MS + MINUTE_MS
    said, changed = [email.unsubscribed], []
    for index, name in enumerate(
        ("Subscribed", "Email Marked as Spam", "Email Marked as Spam", "Subscribed", "Email Opened")
    ):
        bits = fold(profile, touchpoint(name, START_MS + 7 * MINUTE_MS, message_id=str(index)), {})
        said.append(email.unsubscribed)
        changed.append(bool(bits & sections.SUBSCRIPTION))
        assert bits & sections.EMAIL
    assert said == [True, False, True, True, True, True]
    assert changed == [True, True, False, False, False]


def test_a_chat_is_open_until_its_end_however_late_its_beginning_arrives() -> None:
    profile = after(
        ("Live Chat Message Received", 1, {}),
        ("Live Chat Conversation Ended", 5, {"rating": 2}),
        ("Live Chat Conversation Started", 0, {}),
    )
    chat = profile.chat
    assert (chat.conversations, chat.messages, chat.open, chat.rating) == (1, 1, False, 2)
    fold(profile, touchpoint("Live Chat Conversation Started", START_MS + HOUR_MS), {})
    assert chat.open
    fold(
        profile,
        touchpoint("Live Chat Conversation Ended", START_MS + 2 * HOUR_MS, {"rating": 9}),
        {},
    )
    assert (chat.open, chat.rating, chat.last_at) == (False, 2, START_MS + 2 * HOUR_MS)


def test_at_the_same_instant_the_end_the_low_rating_and_the_refusal_hold_in_any_order() -> None:
    steps = [
        ("Live Chat Conversation Started", 5, {}),
        ("Live Chat Conversation Ended", 5, {"rating": 2}),
        ("Live Chat Conversation Ended", 5, {"rating": 4}),
        ("Subscribed", 5, {}),
        ("Unsubscribed", 5, {}),
    ]
    for order in permutations(steps):
        profile = after(*order)
        assert (profile.chat.open, profile.chat.rating) == (False, 2)
        assert profile.email.unsubscribed


def test_only_declared_traits_are_kept_and_only_as_declared() -> None:
    profile = identified(
        (0, {"plan": "gold", "age": 41.0, "score": 3, "vip": True, "password": "hunter2"})
    )
    assert profile.traits == {"plan": "gold", "age": 41, "score": 3.0, "vip": True}
    assert type(profile.traits["age"]) is int
    assert type(profile.traits["score"]) is float


@pytest.mark.parametrize(
    "said",
    [
        {"plan": 5},
        {"plan": ["gold"]},
        {"age": 41.5},
        {"age": True},
        {"age": 1 << 63},
        {"score": True},
        {"score": "3"},
        {"score": 1e13},
        {"vip": 1},
        {"sports": "running"},
        {"sports": {"running": True}},
        {"sports": ["running", 7]},
        {"sports": ["running", None]},
        {"sports": ["running", ["trail"]]},
        {"sports": ["x" * 100, 7]},
    ],
)
def test_a_trait_of_another_type_than_declared_is_ignored_and_counted(
    said: dict[str, Any],
) -> None:
    profile = identified((0, said))
    assert profile.traits == {}
    assert profile.trimmed == 1


def test_an_older_identify_adds_what_is_missing_and_changes_nothing_else() -> None:
    profile = identified((10, {"plan": "gold"}), (5, {"plan": "basic", "age": 30}))
    assert profile.traits == {"plan": "gold", "age": 30}
    fold(
        profile,
        touchpoint("Identified", START_MS + HOUR_MS, kind="identify", traits={"plan": None}),
        TRAITS,
    )
    assert profile.traits == {"age": 30}


def test_what_is_said_in_a_list_is_kept_once_each_and_in_its_order() -> None:
    profile = identified((0, {"sports": ["trail", "running", "trail", "", "ski"]}))
    assert profile.traits == {"sports": ["trail", "running", "", "ski"]}
    assert profile.trimmed == 0


def test_a_list_is_said_anew_as_a_whole_and_may_be_empty_or_forgotten() -> None:
    said: list[tuple[int, dict[str, Any]]] = [(0, {"sports": ["run", "ski"]})]
    assert identified(*said, (5, {"sports": ["swim"]})).traits == {"sports": ["swim"]}
    assert identified(*said, (5, {"sports": []})).traits == {"sports": []}
    assert identified(*said, (5, {"sports": None})).traits == {}
    assert identified(*said, (5, {"sports": "none"})).traits == {"sports": ["run", "ski"]}
    assert identified(*said, (-5, {"sports": ["swim"]})).traits == {"sports": ["run", "ski"]}
