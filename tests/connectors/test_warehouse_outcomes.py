"""Who was seen and what became of them, as SQL counts it and as the profile does."""

import random
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from connectors.warehouse.ask import open_warehouse
from connectors.warehouse.outcomes import Period, Success, outcomes, recorded, span
from connectors.warehouse.tables import Row
from state.fold import fold
from state.profile import Profile
from tests.connectors.warehouse_samples import DAY_MS, NOON_MS, decided, event, store
from tests.decisions.someone import book, touchpoint

NOON = datetime(2026, 1, 1, 12, 0, 0, 123_000, tzinfo=UTC)
DAY = timedelta(days=1)
SALES = (
    *("Order Completed", "Kiosk Transaction Completed", "Order Refunded", "Order Cancelled"),
    *("Order Updated", "Product Viewed"),
)
AMOUNTS: tuple[dict[str, Any], ...] = (
    *({"total": 12.5}, {"revenue": 7}, {"value": 3.25}, {"total": None, "value": 4}, {}),
    *({"total": "9.99"}, {"total": True, "revenue": 2}, {"total": -5}, {"total": 2e12, "value": 1}),
    *({"total": 18446744073709551615}, {"total": [1], "revenue": {"value": 1}}, {"total": 0}),
)


def found(url: str, success: Success, period: Period | None = None) -> dict[str, float]:
    with open_warehouse(url) as warehouse:
        listed = list(outcomes(warehouse, period or Period(), success))
    assert len(listed) == len({one.customer_id for one in listed}), "each once"
    return {one.customer_id: one.value for one in listed}


def test_orders_and_revenue_are_counted_as_the_profile_counts_them(tmp_path: Path) -> None:
    dice, playbook = random.Random(7), book("")
    rows: list[Row] = []
    profiles = {f"c-{number}": Profile() for number in range(200)}
    for customer_id, profile in profiles.items():
        for nth in range(dice.randrange(1, 5)):
            name, properties = dice.choice(SALES), dice.choice(AMOUNTS)
            for _ in range(dice.randrange(1, 3)):  # sent again after the window of duplicates
                event_id = f"{customer_id} {nth}"
                row = event(len(rows), customer_id, event_id=event_id, name=name, **properties)
                rows.append(row)
            happened = touchpoint(customer_id, f"m-{nth}", name, NOON_MS + nth, properties)
            fold(profile, happened, playbook.traits)
    url = store(tmp_path, rows)
    paid, ordered = found(url, "revenue"), found(url, "orders")
    assert paid.keys() == ordered.keys() == profiles.keys()
    for customer_id, profile in profiles.items():
        assert abs(paid[customer_id] - profile.orders.value) < 1e-6, customer_id
        assert ordered[customer_id] == min(profile.orders.count, 1), customer_id


def test_answers_count_once_a_customer_and_who_gave_none_is_there_all_the_same(
    tmp_path: Path,
) -> None:
    url = store(
        tmp_path,
        [event(number, customer) for number, customer in enumerate(["ada", "bob", "zoe"])],
        actions=[
            decided(1, "1", "offer.answered", "ada", answer="accepted"),
            decided(2, "2", "offer.answered", "ada", answer="accepted"),
            decided(3, "3", "offer.answered", "bob", answer="clicked"),
            decided(4, "4", "offer.decided", "zoe", answer="accepted"),
        ],
    )
    assert found(url, "accepted") == {"ada": 1, "bob": 0, "zoe": 0}
    assert found(url, "clicked") == {"ada": 0, "bob": 1, "zoe": 0}


def test_a_period_begins_with_its_first_moment_and_ends_before_its_last(tmp_path: Path) -> None:
    rows = [
        event(day, f"day-{day}", name="Order Completed", at_ms=NOON_MS + day * DAY_MS, total=5)
        for day in range(4)
    ]
    url = store(tmp_path, rows)
    moment = timedelta(milliseconds=1)
    assert found(url, "orders", Period(NOON + DAY, NOON + 3 * DAY)) == {"day-1": 1, "day-2": 1}
    assert found(url, "orders", Period(NOON + DAY + moment)) == {"day-2": 1, "day-3": 1}
    assert found(url, "orders", Period(until=NOON + moment)) == {"day-0": 1}
    with open_warehouse(url) as warehouse:
        some = span(warehouse, Period(NOON + DAY, NOON + 3 * DAY))
        none = span(warehouse, Period(NOON + 9 * DAY))
    assert some == (2, "2026-01-02T12:00:00.123Z", "2026-01-03T12:00:00.123Z")
    assert none == (0, None, None)


def test_the_arms_that_decisions_say_are_counted_with_the_time_of_the_last(tmp_path: Path) -> None:
    def one(number: int, customer: str, day: int, **arms: str) -> Any:
        at_ms = NOON_MS + day * DAY_MS
        return decided(number, str(number), "offer.decided", customer, at_ms, arms=arms)

    url = store(
        tmp_path,
        [event(1)],
        actions=[
            one(1, "ada", 0, tone="warm"),
            one(2, "ada", 1, tone="warm"),
            one(3, "ada", 2, tone="plain"),
            one(4, "bob", 0, **{"control.loyalty": "treated"}),
        ],
    )
    with open_warehouse(url) as warehouse:
        tone = sorted(recorded(warehouse, Period(), "tone"))
        loyalty = sorted(recorded(warehouse, Period(), "control.loyalty"))
    assert tone == [
        ("ada", "plain", 1, "2026-01-03T12:00:00.123Z"),
        ("ada", "warm", 2, "2026-01-02T12:00:00.123Z"),
        ("bob", "", 1, "2026-01-01T12:00:00.123Z"),
    ]
    assert [row[:3] for row in loyalty] == [("ada", "", 3), ("bob", "treated", 1)]
