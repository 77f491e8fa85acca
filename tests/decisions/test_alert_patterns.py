"""Alerts that count, wait and compare: threshold, rate, absence, sequence, change."""

import pytest

from decisions.playbook import PlaybookError
from tests.decisions.in_time import InTime
from tests.decisions.someone import DAY_MS, HOUR_MS, MINUTE_MS, book

FAILED, DONE = "Kiosk Transaction Failed", "Kiosk Transaction Completed"
ADDED, ORDERED = "Product Added", "Order Completed"


def alert(text: str, *, cooldown: str = "1s", message: str = "m", more: str = "") -> InTime:
    """A customer, and one alert `a` of these lines."""
    lines = [*text.strip().splitlines(), *more.strip().splitlines()]
    body = "\n".join(f"    {line.strip()}" for line in lines if line.strip())
    head = (
        f"alerts:\n  a:\n    severity: warning\n    cooldown: {cooldown}\n    message: {message}\n"
    )
    return InTime(book(f"{head}{body}\n"))


THRESHOLD = """
    event: Kiosk Transaction Failed
    key: event.properties.kiosk_id
    threshold: {count: 3, within: 10m}
    """


def test_the_third_event_within_the_window_raises_both_ends_belong_to_it() -> None:
    someone = alert(THRESHOLD)
    one = {"kiosk_id": "k"}
    assert someone.at(0, FAILED, one) == []
    assert someone.at(5 * MINUTE_MS, FAILED, one) == []
    assert someone.at(10 * MINUTE_MS + 1, FAILED, one) == []
    raised_at = 15 * MINUTE_MS
    assert someone.at(raised_at, FAILED, one) == [(raised_at, "raised", "a:k")]


def test_keys_are_counted_apart() -> None:
    someone = alert(THRESHOLD)
    for minute, kiosk in enumerate(["k", "l", "k", "l"]):
        assert someone.at(minute * MINUTE_MS, FAILED, {"kiosk_id": kiosk}) == []
    assert someone.at(5 * MINUTE_MS, FAILED, {"kiosk_id": "k"})
    assert someone.at(6 * MINUTE_MS, FAILED, {"kiosk_id": "l"})


def test_a_late_event_counts_where_it_happened() -> None:
    someone = alert(THRESHOLD)
    one = {"kiosk_id": "k"}
    someone.at(0, FAILED, one)
    someone.at(9 * MINUTE_MS, FAILED, one)
    late = 3 * MINUTE_MS
    told = someone.at(4 * MINUTE_MS, FAILED, one, late_ms=5 * MINUTE_MS + late)
    assert told == [(9 * MINUTE_MS + late, "raised", "a:k")]


RATE = """
    when: event.name == "Kiosk Transaction Failed"
    key: event.properties.kiosk_id
    rate: {of: 'event.name in ["Kiosk Transaction Failed", "Kiosk Transaction Completed"]',
      share: 50%, at_least: 4, within: 1h}
    """


def test_a_share_of_some_events_raises_once_there_are_enough_of_them() -> None:
    someone = alert(RATE, cooldown="1h")
    one = {"kiosk_id": "k"}
    for minute, name in enumerate([FAILED, FAILED, DONE]):
        assert someone.at(minute * MINUTE_MS, name, one) == []
    assert someone.at(3 * MINUTE_MS, DONE, one) == [(3 * MINUTE_MS, "raised", "a:k")]


def test_a_share_below_it_does_not_raise_and_what_has_left_the_window_does_not_count() -> None:
    someone = alert(RATE)
    one = {"kiosk_id": "k"}
    for minute in range(5):
        assert someone.at(minute * MINUTE_MS, DONE, one) == []
    for minute in (10, 11, 12, 13):  # 4 of 9
        assert someone.at(minute * MINUTE_MS, FAILED, one) == []
    # An hour after the first two they have gone: 4 of 7, and this one.
    assert someone.at(61 * MINUTE_MS, FAILED, one)


def test_events_of_neither_kind_are_not_asked_about() -> None:
    someone = alert(RATE)
    assert set(someone.playbook.alerts_on) == {FAILED, DONE}
    someone.at(0, "Page Viewed")
    assert someone.profile.watches == {}


ABSENCE = """
    event: Product Added
    key: event.properties.cart_id
    absence: {of: event.name == "Order Completed", within: 2h}
    """
CART = {"cart_id": "c", "product_id": "p", "price": 1.5, "quantity": 1}


def test_what_does_not_come_in_time_is_told_at_its_deadline_by_time_alone() -> None:
    message = "Cart {event.properties.cart_id} with {profile.cart.items} pieces is left"
    someone = alert(ABSENCE, message=message)
    someone.at(0, ADDED, CART)
    someone.at(HOUR_MS, "Page Viewed")
    someone.passes(2 * HOUR_MS - 1)
    assert someone.told == []
    someone.passes(9 * HOUR_MS)
    assert someone.told == [(2 * HOUR_MS, "raised", "a:c")]
    (_, action) = someone.published[0]
    assert action.body == {
        "alert": "a",
        "severity": "warning",
        "message": "Cart c with 1 pieces is left",
        "key": "c",
    }
    assert action.caused_by == "time:alert.a:m-1"
    assert someone.profile.watches == {}
    assert someone.errors == {}


def test_what_comes_in_time_cancels_for_its_key_only() -> None:
    someone = alert(ABSENCE)
    someone.at(0, ADDED, CART)
    someone.at(1, ADDED, {**CART, "cart_id": "d"})
    someone.at(2 * HOUR_MS - 1, ORDERED, {"cart_id": "c", "order_id": "1", "total": 1.0})
    someone.passes(DAY_MS)
    assert someone.told == [(2 * HOUR_MS + 1, "raised", "a:d")]


def test_what_was_late_but_happened_and_came_before_the_deadline_cancels() -> None:
    someone = alert(ABSENCE)
    someone.at(0, ADDED, CART)
    order = {"cart_id": "c", "order_id": "1", "total": 1.0}
    someone.at(MINUTE_MS, ORDERED, order, late_ms=HOUR_MS)
    someone.passes(DAY_MS)
    assert someone.told == []


def test_what_came_before_the_event_it_follows_counts_by_when_it_happened() -> None:
    someone = alert(ABSENCE)
    someone.at(MINUTE_MS, ORDERED, {"cart_id": "c", "order_id": "1", "total": 1.0})
    someone.at(0, ADDED, CART, late_ms=2 * MINUTE_MS)
    someone.passes(DAY_MS)
    assert someone.told == []


def test_an_event_that_comes_after_its_own_deadline_is_told_at_once() -> None:
    someone = alert(ABSENCE)
    someone.at(0, "Page Viewed")
    assert someone.at(MINUTE_MS, ADDED, CART, late_ms=5 * HOUR_MS) == [
        (MINUTE_MS + 5 * HOUR_MS, "raised", "a:c")
    ]


@pytest.mark.parametrize(("restart", "deadline"), [("false", 2), ("true", 3)])
def test_another_event_leaves_the_deadline_or_with_restart_moves_it(
    restart: str, deadline: int
) -> None:
    someone = alert(ABSENCE.replace("within: 2h", f"within: 2h, restart: {restart}"))
    someone.at(0, ADDED, CART)
    someone.at(HOUR_MS, ADDED, CART)
    someone.passes(DAY_MS)
    assert someone.told == [(deadline * HOUR_MS, "raised", "a:c")]


@pytest.mark.parametrize(("restart", "deadline"), [("false", 150), ("true", 180)])
def test_of_several_the_first_or_with_restart_the_last_counts_by_when_it_happened(
    restart: str, deadline: int
) -> None:
    someone = alert(ABSENCE.replace("within: 2h", f"within: 2h, restart: {restart}"))
    someone.at(60 * MINUTE_MS, ADDED, CART)
    someone.at(30 * MINUTE_MS, ADDED, CART, late_ms=HOUR_MS)
    someone.passes(DAY_MS)
    assert someone.told == [(deadline * MINUTE_MS, "raised", "a:c")]


def test_a_long_key_is_said_whole_at_the_deadline() -> None:
    someone = alert(ABSENCE)
    someone.at(0, ADDED, {**CART, "cart_id": "c" * 40})
    someone.passes(DAY_MS)
    assert someone.told == [(2 * HOUR_MS, "raised", "a:" + "c" * 40)]


SEQUENCE = """
    event: Product Added
    key: event.properties.cart_id
    sequence: {then: event.name == "Product Removed", within: 10m}
    """


def test_a_sequence_is_one_event_and_then_another_within_the_time() -> None:
    someone = alert(SEQUENCE)
    removed = "Product Removed"
    assert someone.at(0, removed, CART) == []
    assert someone.at(1_000, ADDED, CART) == []
    assert someone.at(2_000, removed, {**CART, "cart_id": "d"}) == []
    assert someone.at(1_000 + 10 * MINUTE_MS, removed, CART)
    assert someone.at(2_000 + 10 * MINUTE_MS, removed, CART) == []  # it was the second once
    assert someone.at(HOUR_MS, ADDED, CART) == []
    assert someone.at(HOUR_MS + 10 * MINUTE_MS + 1, removed, CART) == []


def test_a_sequence_that_comes_in_the_other_order_is_one_by_when_it_happened() -> None:
    someone = alert(SEQUENCE)
    assert someone.at(MINUTE_MS, "Product Removed", CART) == []
    assert someone.at(0, ADDED, CART, late_ms=2 * MINUTE_MS)


def test_one_event_is_not_both_parts_of_a_sequence() -> None:
    someone = alert("""
        event: Page Viewed
        sequence: {then: event.name == "Page Viewed", within: 10m}
        """)
    assert someone.at(0, "Page Viewed") == []
    assert someone.at(1_000, "Page Viewed")


CHANGE = """
    change: {value: 'profile.orders.count > 1 ? "regular" : "new"', from: new, to: regular}
    """


def order(number: int) -> dict[str, object]:
    return {"order_id": str(number), "total": 1.0}


def test_a_change_is_told_when_a_value_was_one_thing_and_is_another() -> None:
    someone = alert(CHANGE)
    assert someone.at(0, ORDERED, order(1)) == []
    assert someone.at(1_000, "Page Viewed") == []
    assert someone.at(2_000, ORDERED, order(2)) == [(2_000, "raised", "a")]
    assert someone.at(9_000, ORDERED, order(3)) == []


def test_without_from_and_to_any_change_is_told_but_not_the_first_value() -> None:
    someone = alert("change: {value: profile.orders.count}")
    assert someone.at(0, ORDERED, order(1)) == []
    assert someone.at(2_000, ORDERED, order(2))
    assert someone.at(3_000, "Page Viewed") == []
    assert someone.at(4_000, ORDERED, order(3))


@pytest.mark.parametrize(
    ("sides", "raised"),
    [
        ("", [2, 3, 4]),
        (", from: 2", [3]),
        (", to: 2", [2]),
        (", from: 2, to: 3", [3]),
        (", from: 2, to: 4", []),
    ],
)
def test_from_and_to_say_which_change_is_meant(sides: str, raised: list[int]) -> None:
    someone = alert(f"change: {{value: profile.orders.count{sides}}}")
    told = [bool(someone.at(n * 2_000, ORDERED, order(n))) for n in (1, 2, 3, 4)]
    assert [number for number, each in enumerate(told, 1) if each] == raised


def test_a_change_may_have_a_condition_of_its_own() -> None:
    someone = alert("""
        change: {value: profile.orders.count}
        when: profile.orders.last_value > 10.0
        """)
    for number, total in enumerate([1.0, 2.0, 20.0]):
        told = someone.at(number * 2_000, ORDERED, {"order_id": str(number), "total": total})
        assert bool(told) is (total > 10.0)


def test_a_condition_that_time_makes_true_is_told_when_it_becomes_so_and_once() -> None:
    someone = alert('when: now - profile.last_at > duration("1d")')
    someone.at(0, "Page Viewed")
    someone.passes(40 * DAY_MS)
    assert someone.told == [(DAY_MS + 1, "raised", "a")]
    someone.at(40 * DAY_MS + 1, "Page Viewed")
    someone.passes(90 * DAY_MS)
    assert someone.told[1:] == [(41 * DAY_MS + 2, "raised", "a")]


def test_to_ask_more_often_changes_nothing() -> None:
    someone = alert('when: now - profile.last_at > duration("1d")')
    someone.at(0, "Page Viewed")
    for hour in range(1, 100):
        someone.asks(hour * HOUR_MS)
    assert someone.told == [(25 * HOUR_MS, "raised", "a")]


A = "event: E"
B = 'absence: {of: event.name == "F", within: 1h}'


@pytest.mark.parametrize(
    ("lines", "line", "said"),
    [
        (f"{A}\n{B}\nthreshold: {{count: 2, within: 1h}}", 13, "got a second one"),
        (f"{A}\nthreshold: {{count: 1, within: 1h}}", 12, "a whole number from 2 to 100"),
        (f"{A}\nthreshold: {{count: 2, within: 0h}}", 12, "a duration"),
        (f"{A}\nthreshold: {{count: 2, within: 367d}}", 12, "a duration from 1s to 366d"),
        ("when: profile.orders.count > 1\n" + B, 11, "a condition that looks at the event"),
        (f"{A}\nabsence: {{of: profile.orders.count > 1, within: 1h}}", 12, "looks at the event"),
        (f"{A}\nrate: {{of: event.name == 'E', share: 0%, at_least: 1, within: 1h}}", 12, "1% to"),
        (f"{A}\nthreshold: {{count: 2, within: 1h, of: x}}", 12, "unknown key"),
        ("change: {value: now}", 11, "a text, a number"),
        ("change: {value: profile.orders.count_90d}", 11, "that time alone does not change"),
        ("change: {value: profile.orders.count, to: many}", 11, "a value of type int"),
        ("change: {value: profile.orders.count, from: 1, to: 1}", 11, "another value than"),
        ("change: {value: 1 + 1}", 11, "a value that can change"),
        (f"{A}\nchange: {{value: profile.orders.count}}", 11, "none beside change"),
        ("threshold: {count: 2, within: 1h}", 8, "an event, a condition (when), both, or a change"),
        (f"{A}\nuntil: 'true'", 12, "a condition that can become true"),
        ("when: profile.orders.count > 1\nuntil: profile.orders.count > 1", 12, "is over"),
        (f"{A}\nescalate: {{severity: info}}", 12, "missing key"),
        (f"{A}\nescalate: [{{after: 1h}}, {{after: 1h}}]", 12, "later than the step before"),
        (f"{A}\nescalate: []", 12, "1 to 5 steps"),
    ],
)
def test_what_makes_no_sense_is_refused_where_it_stands(lines: str, line: int, said: str) -> None:
    with pytest.raises(PlaybookError) as refused:
        alert(lines)
    text = str(refused.value)
    assert f"test.yaml:{line}:" in text, text
    assert said in text
    assert len(refused.value.problems) == 1, text
