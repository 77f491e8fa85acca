"""The simulated stream is the same for the same seed, and as flawed as it says."""

import random
from collections import Counter, defaultdict
from datetime import datetime
from itertools import islice, pairwise
from typing import Any

import orjson
import pytest

from connectors.events.dead_letter import Refusal
from connectors.events.decode import decode
from flows.simulate.flaws import FLAWS
from flows.simulate.population import Population
from flows.simulate.stream import Emission, stream

START_MS = 1_760_000_000_000
SPEC = {
    "click": {
        "Products Searched",
        "Product List Viewed",
        "Product Viewed",
        "Product Added",
        "Product Removed",
        "Cart Viewed",
        "Checkout Started",
        "Order Completed",
    },
    "email": {
        "Email Delivered",
        "Email Opened",
        "Email Link Clicked",
        "Email Bounced",
        "Unsubscribed",
    },
    "chat": {
        "Live Chat Conversation Started",
        "Live Chat Message Sent",
        "Live Chat Message Received",
        "Live Chat Conversation Ended",
    },
    "kiosk": {
        "Kiosk Session Started",
        "Kiosk Item Scanned",
        "Kiosk Transaction Completed",
        "Kiosk Transaction Failed",
        "Kiosk Session Ended",
    },
}


def take(count: int, start_ms: int = START_MS, seed: int = 1) -> list[Emission]:
    return list(islice(stream(seed, 5_000, start_ms, 200), count))


@pytest.fixture(scope="module")
def emissions() -> list[Emission]:
    return take(100_000)


@pytest.fixture(scope="module")
def told(emissions: list[Emission]) -> list[tuple[Emission, dict[str, Any]]]:
    """What happened, once each, in order."""
    return [(e, orjson.loads(e.value)) for e in emissions if e.kind in ("clean", "late")]


def at_ms(event: dict[str, Any]) -> int:
    return round(datetime.fromisoformat(event["timestamp"]).timestamp() * 1_000)


def test_the_same_seed_gives_the_same_bytes_and_another_seed_others() -> None:
    assert take(5_000) == take(5_000)
    assert take(50) != take(50, seed=2)


def test_another_start_has_the_same_people_do_the_same_under_other_ids() -> None:
    first, second = take(5_000), take(5_000, START_MS + 3_600_000)
    assert [(e.channel, e.key, e.kind) for e in first] == [
        (e.channel, e.key, e.kind) for e in second
    ]
    ids, others = (
        {orjson.loads(e.value)["messageId"] for e in run if e.kind == "clean"}
        for run in (first, second)
    )
    assert not ids & others


def test_the_stream_leaves_the_global_dice_alone() -> None:
    before = random.getstate()
    take(2_000)
    assert random.getstate() == before


def test_events_are_due_at_an_even_rate(emissions: list[Emission]) -> None:
    assert [e.due_ms for e in emissions] == list(range(START_MS, START_MS + 500_000, 5))


def test_flaws_come_as_often_as_promised(emissions: list[Emission]) -> None:
    kinds = Counter(e.kind for e in emissions)
    assert 800 <= kinds["duplicate"] <= 1_200
    assert 800 <= kinds["late"] <= 1_200
    assert 60 <= kinds["broken"] <= 140


def test_all_four_channels_have_a_share(emissions: list[Emission]) -> None:
    channels = Counter(e.channel for e in emissions)
    assert set(channels) == {"click", "email", "chat", "kiosk"}
    assert min(channels.values()) > 2_000


def test_a_duplicate_has_the_bytes_key_and_channel_of_an_event_before(
    emissions: list[Emission],
) -> None:
    seen = set()
    for e in emissions:
        if e.kind == "duplicate":
            assert (e.channel, e.key, e.value) in seen
        seen.add((e.channel, e.key, e.value))


def test_late_events_happened_minutes_to_hours_ago_and_all_others_now(
    told: list[tuple[Emission, dict[str, Any]]],
) -> None:
    for emission, event in told:
        ago_ms = emission.due_ms - at_ms(event)
        if emission.kind == "late":
            assert 2 * 60_000 <= ago_ms <= 6 * 3_600_000
        else:
            assert ago_ms == 0


def test_every_event_that_is_not_broken_is_accepted_and_named_as_the_specs_say(
    emissions: list[Emission],
) -> None:
    names: dict[str, set[str]] = defaultdict(set)
    for e in emissions:
        if e.kind == "broken":
            continue
        touchpoint = decode(e.value, e.channel, e.due_ms, e.due_ms)
        assert not isinstance(touchpoint, Refusal), touchpoint
        assert touchpoint.customer_id == e.key
        names[e.channel].add(touchpoint.name)
    assert names == {**SPEC, "click": SPEC["click"] | {"Page Viewed", "Identified"}}


@pytest.mark.parametrize("number", range(len(FLAWS)))
def test_every_flaw_is_refused(number: int) -> None:
    event = orjson.loads(take(1)[0].value)
    refused = decode(FLAWS[number](event), "click", START_MS, START_MS)
    assert isinstance(refused, Refusal)


def test_every_broken_event_is_refused(emissions: list[Emission]) -> None:
    broken = [e for e in emissions if e.kind == "broken"]
    refusals = [decode(e.value, e.channel, e.due_ms, e.due_ms) for e in broken]
    reasons = {r.reason for r in refusals if isinstance(r, Refusal)}
    assert all(isinstance(r, Refusal) for r in refusals)
    assert len(reasons) >= 5


def test_events_are_as_large_as_real_ones(told: list[tuple[Emission, dict[str, Any]]]) -> None:
    sizes = sorted(len(e.value) for e, _ in told)
    assert 400 <= sizes[len(sizes) // 2] <= 700
    assert sizes[-1] < 4_096


def test_an_order_holds_what_was_put_into_the_cart_and_costs_the_sum_of_it(
    told: list[tuple[Emission, dict[str, Any]]],
) -> None:
    carts: dict[str, Counter[str]] = defaultdict(Counter)
    begun: dict[str, Any] = {}
    orders = 0
    for emission, event in told:
        said = event.get("properties", {})
        match event.get("event"):
            case "Product Added":
                carts[emission.key][said["product_id"]] += said["quantity"]
            case "Product Removed":
                carts[emission.key][said["product_id"]] -= said["quantity"]
            case "Checkout Started":
                begun[said["order_id"]] = said
            case "Order Completed":
                orders += 1
                lines = said["products"]
                total = sum(line["price"] * line["quantity"] for line in lines)
                assert said["total"] == pytest.approx(total, abs=0.001)
                assert said["total"] == begun.pop(said["order_id"])["value"]
                assert +carts.pop(emission.key) == {
                    line["product_id"]: line["quantity"] for line in lines
                }
    assert orders > 300


def test_a_kiosk_visit_goes_on_after_1_to_30_seconds(
    told: list[tuple[Emission, dict[str, Any]]],
) -> None:
    times: dict[str, list[int]] = defaultdict(list)
    for emission, event in told:
        if emission.channel == "kiosk":
            times[event["properties"]["session_id"]].append(emission.due_ms)
    pauses = sorted(b - a for visit in times.values() for a, b in pairwise(visit))
    assert pauses[0] >= 1_000
    assert pauses[len(pauses) * 99 // 100] <= 31_000


def test_a_few_kiosks_fail_most_of_the_time(told: list[tuple[Emission, dict[str, Any]]]) -> None:
    failed = Counter(
        event["properties"]["kiosk_id"]
        for _, event in told
        if event.get("event") == "Kiosk Transaction Failed"
    )
    assert sum(count for _, count in failed.most_common(4)) > 0.6 * failed.total()


def test_unhappy_chats_and_anonymous_visits_are_among_them(
    told: list[tuple[Emission, dict[str, Any]]],
) -> None:
    ratings = Counter(
        event["properties"]["rating"]
        for _, event in told
        if event.get("event") == "Live Chat Conversation Ended"
    )
    assert set(ratings) == {1, 2, 4, 5}
    assert 0.1 < (ratings[1] + ratings[2]) / ratings.total() < 0.5
    anonymous = sum("userId" not in event for _, event in told)
    assert 0.02 < anonymous / len(told) < 0.25


def test_the_kth_customer_comes_1_kth_as_often() -> None:
    people = Population(random.Random(1), 1_000)
    visits = Counter[str]()
    for _ in range(100_000):
        number, who = people.leave()
        visits[who.key] += 1
        people.come_back(number)
    first = visits["c-000001"]
    for rank in (2, 5, 10, 100):
        assert visits[f"c-{rank:06d}"] == pytest.approx(first / rank, rel=0.2)


def test_nobody_is_in_two_sessions_at_once() -> None:
    people = Population(random.Random(1), 20)
    assert {people.leave()[1].key for _ in range(20)} == {f"c-{n:06d}" for n in range(1, 21)}


@pytest.mark.parametrize("customers", [1, 3])
def test_a_handful_of_customers_can_make_any_rate(customers: int) -> None:
    made = list(islice(stream(1, customers, START_MS, 10_000), 2_000))
    members = {e.key for e in made if e.key.startswith("c-")}
    assert members == {f"c-{n:06d}" for n in range(1, customers + 1)}


@pytest.mark.parametrize(("customers", "rate"), [(0, 1.0), (1, -1.0)])
def test_impossible_orders_are_refused(customers: int, rate: float) -> None:
    with pytest.raises(ValueError, match="expected"):
        stream(1, customers, START_MS, rate)
