"""Who starts a journey, how often, and how many runs a customer has."""

import pytest

from decisions.playbook import Playbook
from state.journeys import KEY_BYTES, LEFT_KEPT, RUNS_KEPT
from state.touchpoint import identity
from tests.decisions.journeys.traveller import Traveller, at, journeys, one
from tests.decisions.someone import DAY_MS, HOUR_MS, START_MS

T = START_MS
GREET = "{action: log, message: hello}"
KEYED = "event: Product Added, key: event.properties.k"


def test_there_is_one_run_at_once_for_each_key() -> None:
    ann = Traveller(one(KEYED, "[{wait: 1h}]"))
    for n, key in enumerate(["a", "b", "a", 7, "7", 7.0, True]):
        ann.does(T + n, "Product Added", {"k": key})
    assert [body["key"] for body in ann.bodies("journey.started")] == ["a", "b", "7", "true"]
    ann.until(T + HOUR_MS)
    ann.does(T + HOUR_MS, "Product Added", {"k": "a"})
    assert [body["key"] for body in ann.bodies("journey.started")][4:] == ["a"]


def test_without_a_key_there_is_one_run_at_once() -> None:
    ann = Traveller(one("event: Product Added", "[{wait: 1h}]"))
    for n in range(3):
        ann.does(T + n, "Product Added")
    assert len(ann.bodies("journey.started")) == 1


@pytest.mark.parametrize(
    ("reentry", "starts"),
    [
        ("always", [0, 60, 120, 240]),
        ("once", [0]),
        ("59m", [0, 60, 120, 240]),
        ("60m", [0, 120, 240]),
        ("150m", [0, 240]),
    ],
)
def test_a_journey_is_entered_again_as_its_reentry_says_counted_from_the_end(
    reentry: str, starts: list[int]
) -> None:
    ann = Traveller(one(f"event: Product Added, reentry: {reentry}", f"[{{wait: 1m}}, {GREET}]"))
    for minute in (0, 60, 120, 240):
        ann.does(T + minute * 60_000, "Product Added")
    begun = [(at_ms - T) // 60_000 for at_ms, what in ann.told() if what == "journey.started"]
    assert begun == starts


def test_reentry_is_to_the_millisecond_and_by_key() -> None:
    ann = Traveller(one(f"{KEYED}, reentry: 1h", f"[{GREET}]"))
    for after_ms, key in ((0, "a"), (HOUR_MS - 1, "a"), (HOUR_MS - 1, "b"), (HOUR_MS, "a")):
        ann.does(T + after_ms, "Product Added", {"k": key})
    begun = [(at_ms - T, what) for at_ms, what in ann.told() if what == "journey.started"]
    assert [at_ms for at_ms, _ in begun] == [0, HOUR_MS - 1, HOUR_MS]


def test_at_most_so_many_runs_of_a_journey_are_on_their_way() -> None:
    ann = Traveller(one(f"{KEYED}, at_most: 2", "[{wait: 1h}]"))
    for n, key in enumerate("abc"):
        ann.does(T + n, "Product Added", {"k": key})
    ann.does(T + HOUR_MS, "Product Added", {"k": "d"})
    assert [body["key"] for body in ann.bodies("journey.started")] == ["a", "b", "d"]
    assert ann.profile.trimmed == 0


def test_one_run_more_than_a_profile_holds_ends_the_oldest() -> None:
    ann = Traveller(
        journeys("""
journeys:
  j: {title: J, event: Product Added, key: event.properties.k, reentry: once, steps: [{wait: 1h}]}
  k: {title: K, event: Product Viewed, steps: [{wait: 1h}]}
""")
    )
    for n in range(RUNS_KEPT + 1):
        ann.does(T + n, "Product Added", {"k": f"key-{n}"})
    assert ann.profile.trimmed == 0
    assert [run.key for run in ann.profile.journeys] == [f"key-{n}" for n in range(RUNS_KEPT)]
    ann.does(T + 99, "Product Viewed")
    assert ann.profile.trimmed == 1
    assert [run.key for run in ann.profile.journeys][-2:] == [f"key-{RUNS_KEPT - 1}", None]
    (ended,) = ann.bodies("journey.ended")
    assert (ended["key"], ended["reason"]) == ("key-0", "dropped")
    ann.does(T + 100, "Product Added", {"k": "key-0"})
    assert len(ann.profile.journeys) == RUNS_KEPT
    assert ann.profile.journeys[0].key == "key-1"


def test_what_is_remembered_of_ends_is_bounded() -> None:
    ann = Traveller(one(f"{KEYED}, reentry: once", f"[{GREET}]"))
    for n in range(LEFT_KEPT + 3):
        ann.does(T + n, "Product Added", {"k": f"a key of more than 16 bytes {n}"})
    assert len(ann.profile.journeys_left) == LEFT_KEPT
    assert max(map(len, ann.profile.journeys_left)) == len("j:") + 16
    assert ann.profile.trimmed == 3
    ann.does(T + 100, "Product Added", {"k": f"a key of more than 16 bytes {LEFT_KEPT}"})
    assert len(ann.bodies("journey.started")) == LEFT_KEPT + 3


def test_what_need_not_be_remembered_is_not() -> None:
    ann = Traveller(one(f"{KEYED}, reentry: 1h", f"[{GREET}]"))
    ann.does(T, "Product Added", {"k": "a"})
    ann.does(T + HOUR_MS, "Product Added", {"k": "b"})
    assert ann.profile.journeys_left == {"j:b": T + HOUR_MS}
    always = Traveller(one(KEYED, f"[{GREET}]"))
    always.does(T, "Product Added", {"k": "a"})
    assert always.profile.journeys_left == {}


def test_an_end_is_remembered_while_its_journey_is_out_of_the_playbook() -> None:
    book = one("event: Product Added, reentry: once", f"[{GREET}]")
    ann = Traveller(book)
    ann.does(T, "Product Added")
    ann.playbook = journeys(
        "journeys: {k: {title: K, event: Product Viewed, reentry: once, steps: [end]}}"
    )
    ann.does(T + 1, "Product Viewed")
    ann.playbook = book
    ann.does(T + 2, "Product Added")
    assert [body["journey"] for body in ann.bodies("journey.started")] == ["j", "k"]


@pytest.mark.parametrize(
    ("key", "starts"),
    [
        ("x" * KEY_BYTES, True),
        ("x" * (KEY_BYTES + 1), False),
        ("ü" * (KEY_BYTES // 2), True),
        ("ü" * (KEY_BYTES // 2 + 1), False),
        ("\ud800", False),
        (None, False),
        (["a"], False),
        ({}, False),
        (0, True),
        ("", True),
    ],
)
def test_a_run_without_a_key_that_can_be_kept_does_not_start(key: object, starts: bool) -> None:
    ann = Traveller(one(KEYED, "[{wait: 1h}]"))
    ann.does(T, "Product Added", {"k": key})
    assert bool(ann.profile.journeys) is starts
    assert ann.errors == (not starts)


def test_an_event_without_the_key_starts_nothing_and_is_counted() -> None:
    ann = Traveller(one(KEYED, "[{wait: 1h}]"))
    ann.does(T, "Product Added")
    assert ann.said == []
    assert ann.errors == 1


def test_a_condition_alone_starts_a_run_when_it_becomes_true() -> None:
    ann = Traveller(one("when: profile.cart.value >= 100.0", f"[{GREET}]"))
    ann.does(T, "Product Added", {"product_id": "p", "price": 60.0, "quantity": 1})
    ann.does(T + 1, "Product Added", {"product_id": "q", "price": 60.0, "quantity": 1})
    ann.does(T + 2, "Product Added", {"product_id": "r", "price": 60.0, "quantity": 1})
    ann.does(T + 3, "Order Completed", {"total": 180.0})
    ann.does(T + 4, "Product Added", {"product_id": "p", "price": 200.0, "quantity": 1})
    assert ann.told("log") == [(T + 1, "hello"), (T + 4, "hello")]


def test_what_time_alone_makes_true_again_and_again_starts_a_run_each_time() -> None:
    when = '\'now > timestamp("2026-02-03T00:00:00Z") ? now < timestamp("2026-02-04T00:00:00Z")'
    when += ' || now > timestamp("2026-02-06T00:00:00Z") : false\''
    ann = Traveller(one(f"when: {when}", f"[{GREET}]"))
    ann.does(at("2026-02-02T12:00:00Z"), "Page Viewed")
    ann.until(at("2026-02-09T00:00:00Z"))
    assert [at_ms for at_ms, _ in ann.told("log")] == [
        at("2026-02-03T00:00:00.001Z"),
        at("2026-02-06T00:00:00.001Z"),
    ]


def test_who_may_not_enter_when_it_becomes_true_does_not_enter_later() -> None:
    ann = Traveller(one("when: profile.cart.value >= 100.0, reentry: 1d", f"[{GREET}]"))
    for after_ms in (0, HOUR_MS):
        ann.does(T + after_ms, "Product Added", {"product_id": "p", "price": 100.0, "quantity": 1})
        if not after_ms:
            ann.does(T + 1, "Order Completed", {"total": 100.0})
    ann.does(T + 2 * DAY_MS, "Page Viewed")
    ann.until(T + 9 * DAY_MS)
    assert len(ann.bodies("journey.started")) == 1


def test_a_new_journey_starts_for_those_of_whom_its_condition_is_true_already() -> None:
    ann = Traveller(journeys(""))
    ann.does(T, "Order Completed", {"total": 1.0})
    ann.playbook = one("when: profile.orders.count > 0", f"[{GREET}]")
    ann.does(T + 1, "Page Viewed")
    ann.does(T + 2, "Page Viewed")
    assert ann.told("log") == [(T + 1, "hello")]


def test_only_journeys_there_are_are_remembered_as_begun_by_a_condition() -> None:
    ann = Traveller(one("when: profile.orders.count > 0", f"[{GREET}]"))
    ann.does(T, "Order Completed", {"total": 1.0})
    assert ann.profile.journeys_met == ["j"]
    ann.playbook = journeys(
        "journeys: {k: {title: K, when: profile.orders.count > 0, steps: [end]}}"
    )
    ann.does(T + 1, "Page Viewed")
    assert ann.profile.journeys_met == ["k"]


def test_a_journey_can_start_at_one_of_several_events() -> None:
    ann = Traveller(one("event: [Product Added, Cart Viewed]", f"[{GREET}]"))
    for n, name in enumerate(["Cart Viewed", "Page Viewed", "Product Added"]):
        ann.does(T + n, name)
    assert ann.told("log") == [(T, "hello"), (T + 2, "hello")]


def test_the_events_that_the_condition_names_are_those_it_is_asked_at() -> None:
    ann = Traveller(one("when: 'event.name == \"Cart Viewed\"'", f"[{GREET}]"))
    assert ann.playbook.journeys["j"].events == ("Cart Viewed",)
    ann.does(T, "Cart Viewed")
    ann.until(T + DAY_MS)
    assert ann.told("log") == [(T, "hello")]


def test_a_split_goes_by_its_shares_and_the_same_way_each_time() -> None:
    split = "[{id: lot, split: [{share: 20, steps: [A]}, {share: 30, steps: [B]}, {share: 50}]}]"
    steps = split.replace("A", GREET).replace("B", "{action: log, message: bye}")
    book = one(KEYED, steps)
    ways = {"hello": 0, "bye": 0, "": 0}
    for n in range(2000):
        ann = Traveller(book, f"c-{n}")
        ann.does(T, "Product Added", {"k": "a"})
        found = [what for _, what in ann.told("log")]
        ways[found[0] if found else ""] += 1
        if n < 50:
            ann.does(T + 1, "Product Added", {"k": "a"})
            assert [what for _, what in ann.told("log")] == found * 2
    # Of 2,000 three standard deviations are 54, 62 and 67.
    assert abs(ways["hello"] - 400) < 54
    assert abs(ways["bye"] - 600) < 62
    assert abs(ways[""] - 1000) < 67


def test_a_share_is_as_many_hundredths_and_not_one_more() -> None:
    split = f"[{{id: lot, split: [{{share: 50, steps: [{GREET}]}}, {{share: 50}}]}}]"
    book = one("event: Product Added", split)
    for n in range(400):
        drawn = identity(f"c-{n}", "split", "j", "lot")
        assert goes(book, f"c-{n}") is (int.from_bytes(drawn) % 100 < 50)


def test_a_split_with_an_id_keeps_its_lots_when_steps_are_put_before_it() -> None:
    split = f"{{ID split: [{{share: 50, steps: [{GREET}]}}, {{share: 50}}]}}"
    for name, same in (("id: lot,", True), ("", False)):
        lots = []
        for steps in (f"[{split}]", f"[{{wait: 1s}}, {split}]"):
            book = one("event: Product Added", steps.replace("ID", name))
            lots.append([goes(book, f"c-{n}") for n in range(60)])
        assert (lots[0] == lots[1]) is same


def goes(book: Playbook, customer: str) -> bool:
    ann = Traveller(book, customer)
    ann.does(T, "Product Added")
    ann.until(T + DAY_MS)
    return bool(ann.told("log"))


def test_two_keys_of_a_customer_have_lots_of_their_own() -> None:
    split = f"[{{split: [{{share: 50, steps: [{GREET}]}}, {{share: 50}}]}}]"
    ann = Traveller(one(KEYED, split))
    for n in range(100):
        ann.does(T + n, "Product Added", {"k": f"k-{n}"})
    assert 30 < len(ann.told("log")) < 70
