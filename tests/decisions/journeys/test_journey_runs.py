"""Runs of journeys: what is done, when, and how they end."""

import pytest

from decisions.playbook import PlaybookError
from tests.decisions.journeys.traveller import Traveller, at, journeys, one
from tests.decisions.someone import DAY_MS, HOUR_MS, MINUTE_MS, START_MS

T = START_MS
GREET = "{action: log, message: hello}"
BYE = "{action: log, message: bye}"


def test_a_journey_goes_from_step_to_step_as_time_passes() -> None:
    book = one("event: Product Viewed", f"[{GREET}, {{wait: 1h}}, {BYE}, {{wait: 2d}}]")
    ann = Traveller(book)
    ann.does(T, "Product Viewed")
    assert ann.due() == T + HOUR_MS
    ann.until(T + 10 * DAY_MS)
    assert ann.told() == [
        (T, "journey.started"),
        (T, "hello"),
        (T + HOUR_MS, "bye"),
        (T + HOUR_MS + 2 * DAY_MS, "finished"),
    ]
    assert ann.profile.journeys == []
    assert ann.due() == 0


def test_what_a_run_does_says_where_it_comes_from_and_what_armed_it() -> None:
    steps = "[{wait: 1h}, {action: log, id: mail, message: 'About {key}'}]"
    ann = Traveller(one("event: Product Added, key: event.properties.cart_id", steps))
    ann.does(T, "Product Added", {"cart_id": 7}, message_id="m-add")
    ann.until(T + DAY_MS)
    (_, started), (_, log), (_, ended) = ann.said
    version = ann.playbook.journeys["j"].version.hex()
    run = {"run": started.id, "journey": "j", "version": version, "key": "7"}
    assert started.body == run
    assert started.caused_by == "m-add"
    assert log.body["message"] == "About 7"
    assert log.body["origin"] == {**run, "step": "mail"}
    assert log.caused_by == ended.caused_by == "time:journey.j:m-add"
    assert {name: ended.body[name] for name in ("run", "step", "reason", "key")} == {
        "run": started.id,
        "step": "mail",
        "reason": "finished",
        "key": "7",
    }
    assert ended.body["started_at"] == "2026-02-02T02:40:00.000Z"


def test_an_event_that_is_waited_for_is_one_that_comes_later() -> None:
    seen = "{until: 'event.name == \"Product Viewed\"', timeout: 1d, then: [X], else: [Y]}"
    first = seen.replace("X", GREET).replace("Y", "end")
    second = seen.replace("X", BYE).replace("Y", "end")
    ann = Traveller(one("event: Product Viewed", f"[{first}, {second}]"))
    ann.does(T, "Product Viewed")
    ann.does(T + MINUTE_MS, "Product Viewed")
    assert ann.told("log") == [(T + MINUTE_MS, "hello")]
    ann.does(T + 2 * MINUTE_MS, "Page Viewed")
    ann.does(T + 3 * MINUTE_MS, "Product Viewed")
    assert ann.told("log")[1:] == [(T + 3 * MINUTE_MS, "bye")]


def test_what_is_waited_for_in_vain_times_out_to_the_millisecond() -> None:
    seen = "{until: 'event.name == \"Cart Viewed\"', timeout: 1d, then: [end], else: [X]}"
    for late_ms, then in ((-1, "finished"), (0, "hello"), (1, "hello")):
        ann = Traveller(one("event: Product Viewed", "[" + seen.replace("X", GREET) + "]"))
        ann.does(T, "Product Viewed")
        ann.does(T + DAY_MS + late_ms, "Cart Viewed")
        assert ann.told()[1] == (T + DAY_MS + min(late_ms, 0), then)


def test_what_comes_after_the_timeout_is_too_late_also_when_the_clock_is_behind() -> None:
    seen = "{until: 'event.name == \"Cart Viewed\"', timeout: 1d, then: [end], else: [X]}"
    for late_ms, then in ((-1, "finished"), (0, "hello"), (HOUR_MS, "hello")):
        ann = Traveller(one("event: Product Viewed", "[" + seen.replace("X", GREET) + "]"))
        ann.does(T, "Product Viewed")
        ann.does(T + DAY_MS + late_ms, "Cart Viewed", behind=True)
        assert ann.told()[1] == (T + DAY_MS + late_ms, then)


def test_a_condition_that_holds_already_is_not_waited_for() -> None:
    until = "{until: profile.cart.items == 0, timeout: 1d, then: [X], else: [end]}"
    book = one("event: Product Viewed", "[{wait: 1h}, " + until.replace("X", GREET) + "]")
    ann = Traveller(book)
    ann.does(T, "Product Viewed")
    ann.until(T + DAY_MS)
    assert ann.told("log") == [(T + HOUR_MS, "hello")]


def test_a_condition_that_time_makes_true_is_noticed_when_it_does() -> None:
    until = "{until: 'now - profile.last_at > duration(\"3h\")', timeout: 1d, then: [X]}"
    ann = Traveller(one("event: Product Viewed", "[" + until.replace("X", GREET) + "]"))
    ann.does(T, "Product Viewed")
    ann.does(T + HOUR_MS, "Page Viewed")
    ann.until(T + DAY_MS)
    assert ann.told("log") == [(T + 4 * HOUR_MS + 1, "hello")]


def test_an_exit_wins_over_every_step() -> None:
    book = one(
        "event: Product Viewed, exit: 'event.name == \"Order Completed\"'",
        f"[{{until: 'event.name == \"Order Completed\"', timeout: 1d, then: [{GREET}]}}, {BYE}]",
    )
    ann = Traveller(book)
    ann.does(T, "Product Viewed")
    ann.does(T + HOUR_MS, "Order Completed", {"total": 5.0})
    ann.until(T + 9 * DAY_MS)
    assert ann.told()[1:] == [(T + HOUR_MS, "exit")]


def test_an_exit_that_time_brings_wins_over_a_step_at_the_same_instant() -> None:
    exits = "exit: 'now - profile.last_at >= duration(\"1h\")'"
    ann = Traveller(one(f"event: Product Viewed, {exits}", f"[{{wait: 1h}}, {GREET}]"))
    ann.does(T, "Product Viewed")
    ann.until(T + DAY_MS)
    assert ann.told()[1:] == [(T + HOUR_MS, "exit")]


def test_who_would_leave_at_once_does_not_start() -> None:
    book = one("event: Product Viewed, exit: ['false', profile.orders.count > 0]", f"[{GREET}]")
    ann = Traveller(book)
    ann.does(T, "Order Completed", {"total": 5.0})
    ann.does(T + 1, "Product Viewed")
    assert ann.said == []


def test_an_exit_looks_at_the_key_of_its_run_only() -> None:
    exits = "exit: 'event.name == \"Order Completed\" && event.properties.cart_id == key'"
    settings = f"event: Product Added, key: event.properties.cart_id, {exits}"
    ann = Traveller(one(settings, f"[{{wait: 1h}}, {GREET}]"))
    ann.does(T, "Product Added", {"cart_id": "a"})
    ann.does(T + 1, "Product Added", {"cart_id": "b"})
    ann.does(T + 2, "Order Completed", {"cart_id": "a", "total": 1.0})
    ann.until(T + DAY_MS)
    assert [(body["key"], body["reason"]) for body in ann.bodies("journey.ended")] == [
        ("a", "exit"),
        ("b", "finished"),
    ]
    assert ann.told("log") == [(T + 1 + HOUR_MS, "hello")]


def test_a_condition_on_any_event_is_asked_of_each_and_of_no_passing_of_time() -> None:
    book = one(
        "event: Product Viewed, exit: 'event.name != \"Page Viewed\"'",
        "[{wait: 1h}, {action: log, message: hello},"
        " {until: 'event.properties.x == 1', timeout: 1d, then: [{action: log, message: bye}]},"
        " {wait: 1h}]",
    )
    ann = Traveller(book)
    ann.does(T, "Product Viewed", {"x": 1})
    ann.does(T + 2 * HOUR_MS, "Page Viewed", {"x": 2})
    ann.does(T + 3 * HOUR_MS, "Page Viewed", {"x": 1})
    ann.does(T + 3 * HOUR_MS + 1, "Cart Viewed")
    assert ann.told()[1:] == [
        (T + HOUR_MS, "hello"),
        (T + 3 * HOUR_MS, "bye"),
        (T + 3 * HOUR_MS + 1, "exit"),
    ]


def test_an_event_can_end_a_run_and_start_the_next() -> None:
    settings = "event: Order Completed, exit: 'event.name == \"Order Completed\"'"
    ann = Traveller(one(settings, f"[{{wait: 1h}}, {GREET}]"))
    ann.does(T, "Order Completed", {"total": 1.0})
    ann.does(T + 1, "Order Completed", {"total": 1.0})
    ann.until(T + DAY_MS)
    assert ann.told() == [
        (T, "journey.started"),
        (T + 1, "exit"),
        (T + 1, "journey.started"),
        (T + 1 + HOUR_MS, "hello"),
        (T + 1 + HOUR_MS, "finished"),
    ]
    ids = [action.id for _, action in ann.said]
    assert len(set(ids)) == len(ids)


@pytest.mark.parametrize(("value", "says"), [(120.0, "hello"), (80.0, "bye")])
def test_an_if_takes_one_way_and_both_go_on_together(value: float, says: str) -> None:
    step = f"{{if: profile.cart.value > 100.0, then: [{GREET}], else: [{BYE}]}}"
    ann = Traveller(one("event: Product Added", f"[{step}, {{action: log, message: both}}]"))
    ann.does(T, "Product Added", {"product_id": "p", "price": value, "quantity": 1})
    assert ann.told("log") == [(T, says), (T, "both")]


def test_an_end_inside_ends_all_of_it() -> None:
    step = "{if: profile.cart.value > 100.0, then: [end]}"
    ann = Traveller(one("event: Product Added", f"[{step}, {GREET}]"))
    ann.does(T, "Product Added", {"product_id": "p", "price": 120.0, "quantity": 1})
    assert ann.told() == [(T, "journey.started"), (T, "finished")]


def test_a_condition_that_fails_counts_as_false_and_is_counted() -> None:
    step = f"{{if: 1 / profile.orders.count > 0, then: [{GREET}], else: [{BYE}]}}"
    ann = Traveller(one("event: Product Added", f"[{step}]"))
    ann.does(T, "Product Added")
    assert ann.told("log") == [(T, "bye")]
    assert ann.errors == 1


def test_a_run_remembers_no_more_of_a_message_id_than_its_room() -> None:
    ann = Traveller(one("event: Product Added", f"[{{wait: 1h}}, {GREET}]"))
    ann.does(T, "Product Added", message_id="ü" * 128)
    assert ann.profile.journeys[0].armed_by == "ü" * 32
    assert ann.profile.trimmed == 1


def test_conditions_may_look_back_and_be_written_without_expressions() -> None:
    book = journeys("""
segments:
  buyer: {title: Has bought, when: profile.orders.count > 0}
journeys:
  j:
    title: J
    event: Product Viewed
    when: {none: [{segment: buyer}]}
    exit: {segment: buyer}
    steps:
      - until: count(event.name == "Product Viewed", 2h) == 0
        timeout: 1d
        then: [{action: log, message: hello}]
""")
    ann, bob = Traveller(book), Traveller(book)
    for someone in (ann, bob):
        someone.does(T, "Product Viewed")
        someone.does(T + HOUR_MS, "Product Viewed")
    bob.does(T + 2 * HOUR_MS, "Order Completed", {"total": 1.0})
    for someone in (ann, bob):
        someone.until(T + DAY_MS)
    ((at_ms, said),) = ann.told("log")
    assert said == "hello"
    # A window moves on by its buckets.
    assert T + 3 * HOUR_MS <= at_ms <= T + 3 * HOUR_MS + 10 * MINUTE_MS
    assert bob.told()[1:] == [(T + 2 * HOUR_MS, "exit")]
    bob.does(T + 2 * DAY_MS, "Product Viewed")
    assert len(bob.bodies("journey.started")) == 1


def test_what_is_remembered_of_events_cannot_ask_for_a_key() -> None:
    settings = "event: E, key: event.properties.k"
    step = "{if: 'count(event.name == \"X\" && event.properties.k == key, 7d) > 0', then: [end]}"
    with pytest.raises(PlaybookError, match="may look at the event only; expected event, got key"):
        one(settings, f"[{step}]")


def test_segments_move_before_journeys_are_asked() -> None:
    book = journeys("""
segments:
  lapsed: {title: Gone, when: 'now - profile.last_at > duration("7d")'}
journeys:
  win_back:
    title: Come back
    when: '"lapsed" in segments'
    exit: '!("lapsed" in segments)'
    steps:
      - {action: log, message: miss you}
      - wait: 7d
      - {action: log, message: really}
""")
    ann = Traveller(book)
    ann.does(T, "Page Viewed")
    ann.until(T + 8 * DAY_MS)
    ann.does(T + 9 * DAY_MS, "Page Viewed")
    ann.until(T + 40 * DAY_MS)
    lapsed = T + 7 * DAY_MS + 1
    again = T + 16 * DAY_MS + 1
    assert ann.told() == [
        (lapsed, "journey.started"),
        (lapsed, "miss you"),
        (T + 9 * DAY_MS, "exit"),
        (again, "journey.started"),
        (again, "miss you"),
        (again + 7 * DAY_MS, "really"),
        (again + 7 * DAY_MS, "finished"),
    ]


def test_times_are_those_of_the_customer() -> None:
    steps = '[{wait_until: "09:00"}, {action: log, message: morning}]'
    zone = "local_time: {zone: customer.timezone, otherwise: Europe/Berlin}"
    for name, then in (
        ("America/New_York", "2026-02-03T09:00:00-05:00"),
        ("Australia/Lord_Howe", "2026-02-03T09:00:00+11:00"),
        ("Nowhere/Land", "2026-02-03T09:00:00+01:00"),
        ("", "2026-02-03T09:00:00+01:00"),
    ):
        ann = Traveller(one(f"event: Product Viewed, {zone}", steps))
        if name:
            ann.does(at("2026-02-01T12:00:00+00:00"), "", traits={"timezone": name})
        ann.does(at("2026-02-02T20:00:00+00:00"), "Product Viewed")
        ann.until(at("2026-02-05T00:00:00+00:00"))
        assert ann.told("log") == [(at(then), "morning")]
        assert ann.errors == (name == "Nowhere/Land")


def test_actions_wait_for_the_end_of_quiet_hours_and_nothing_else_does() -> None:
    book = one(
        'event: Product Viewed, quiet: {from: "21:00", to: "08:00"}, '
        "local_time: {otherwise: Europe/Berlin}",
        f"[{{wait: 1h}}, {GREET}, {{wait: 1h}}, {BYE}]",
    )
    ann = Traveller(book)
    ann.does(at("2026-02-02T20:30:00+01:00"), "Product Viewed")
    ann.until(at("2026-02-05T00:00:00+00:00"))
    assert ann.told()[1:3] == [
        (at("2026-02-03T08:00:00+01:00"), "hello"),
        (at("2026-02-03T09:00:00+01:00"), "bye"),
    ]


def test_an_exit_in_quiet_hours_ends_what_was_held() -> None:
    book = one(
        'event: Product Viewed, quiet: {from: "21:00", to: "08:00"}, '
        "local_time: {otherwise: Europe/Berlin}, exit: 'event.name == \"Order Completed\"'",
        f"[{GREET}]",
    )
    ann = Traveller(book)
    ann.does(at("2026-02-02T22:00:00+01:00"), "Product Viewed")
    ann.does(at("2026-02-02T23:00:00+01:00"), "Order Completed", {"total": 1.0})
    ann.until(at("2026-02-05T00:00:00+00:00"))
    assert [said for _, said in ann.told()] == ["journey.started", "exit"]
