"""`until` and `dwell`: the way out of a segment that is another than the way in."""

from typing import Any

import pytest

from decisions.cases.run import run
from decisions.playbook import PlaybookError
from decisions.wake import wake
from tests.decisions.someone import HOUR_MS, MINUTE_MS, START_MS, Someone, book, summary

FULL = "segments: {full: {title: Full, when: profile.cart.value >= 150.0, %s}}\n"
WAVERING = FULL % "until: profile.cart.value < 100.0"
HELD = FULL % "dwell: 2h"
ENTERED, EXITED = [("segment.entered", "full")], [("segment.exited", "full")]
TENT = {"product_id": "tent", "price": 120.0}
MAT = {"product_id": "mat", "price": 40.0}


def filled(playbook: str) -> Someone:
    """Somebody whose cart was worth 120, and is worth 160 since two seconds after the start."""
    someone = Someone(book(playbook))
    assert someone.does("Product Added", TENT) is None
    assert summary(someone.does("Product Added", MAT)) == ENTERED
    return someone


def moves(someone: Someone, after_ms: int) -> list[tuple[int, str, str]]:
    """What time alone brings about: (ms after the start, kind, segment)."""
    someone.now_ms += after_ms
    found = wake(someone.profile, someone.customer_id, someone.playbook, someone.now_ms)
    return [(at - START_MS, *one) for at, decision in found for one in summary(decision)]


def test_between_the_way_in_and_the_way_out_one_stays_where_one_is() -> None:
    someone = filled(WAVERING)
    assert someone.does("Product Removed", MAT) is None
    assert someone.does("Product Added", MAT) is None
    someone.does("Product Removed", MAT)
    assert summary(someone.does("Product Removed", TENT)) == EXITED


def test_without_until_a_customer_leaves_as_soon_as_when_is_false() -> None:
    someone = filled(FULL % "dwell: 1s")
    assert summary(someone.does("Product Removed", MAT)) == EXITED


def test_a_customer_stays_for_the_dwell_and_leaves_at_its_end_without_an_event() -> None:
    someone = filled(HELD)
    assert someone.does("Product Removed", MAT) is None
    assert moves(someone, 2 * HOUR_MS - 1_001) == []
    assert moves(someone, 1) == [(2_000 + 2 * HOUR_MS, "segment.exited", "full")]
    assert moves(someone, 90 * 24 * HOUR_MS) == []


def test_who_fulfils_the_condition_again_before_the_dwell_is_over_does_not_leave_at_its_end() -> (
    None
):
    someone = filled(HELD)
    someone.does("Product Removed", MAT)
    someone.does("Product Added", MAT)
    assert moves(someone, 30 * HOUR_MS) == []
    assert summary(someone.does("Product Removed", MAT)) == EXITED


def test_until_that_holds_for_a_moment_within_the_dwell_ends_nothing() -> None:
    someone = filled(FULL % "until: profile.cart.value < 100.0, dwell: 2h")
    someone.does("Product Removed", TENT)
    someone.does("Product Added", TENT)
    someone.does("Product Removed", MAT)
    assert moves(someone, 30 * HOUR_MS) == []


def test_who_fulfils_both_conditions_is_not_in_it_and_does_not_come_and_go() -> None:
    ended = 'until: now - profile.cart.updated_at > duration("1h")'
    someone = filled(FULL % ended)
    assert moves(someone, 2 * HOUR_MS) == [(2_001 + HOUR_MS, "segment.exited", "full")]
    assert [someone.does("Page Viewed") for _ in range(3)] == [None] * 3
    assert moves(someone, 2 * HOUR_MS) == []
    assert summary(someone.does("Product Added", MAT)) == ENTERED


def test_time_alone_lets_in_who_was_kept_out_by_until_only() -> None:
    pause = 'until: now - profile.cart.updated_at < duration("1h")'
    someone = Someone(book(FULL % pause))
    someone.does("Product Added", TENT)
    assert someone.does("Product Added", MAT) is None
    assert moves(someone, 2 * HOUR_MS) == [(2_000 + HOUR_MS, "segment.entered", "full")]


def test_an_until_that_ends_in_an_error_counts_as_false_and_is_counted() -> None:
    someone = Someone(book(FULL % "until: 10 / profile.orders.count > 2"))
    someone.does("Product Added", TENT)
    (entered, after) = (someone.does("Product Added", MAT), someone.does("Product Removed", MAT))
    assert entered is not None
    assert after is not None
    assert (summary(entered), entered.rule_errors) == (ENTERED, {"segment.full": 1})
    assert (summary(after), after.rule_errors) == ([], {"segment.full": 1})
    assert summary(someone.does("Order Completed", {"total": 1.0})) == EXITED


def test_a_when_that_comes_to_end_in_an_error_lets_a_customer_out_after_the_dwell() -> None:
    odd = "10 / (1 - profile.orders.count) > 2, dwell: 1h"
    someone = Someone(book(f"segments: {{full: {{title: Odd, when: {odd}}}}}\n"))
    assert summary(someone.does("Page Viewed")) == ENTERED
    assert someone.does("Order Completed", {"total": 1.0}) is None
    assert moves(someone, 2 * HOUR_MS) == [(1_000 + HOUR_MS, "segment.exited", "full")]


def test_a_segment_that_the_playbook_has_no_more_holds_nobody_by_its_dwell() -> None:
    someone = filled(HELD)
    someone.playbook = book("segments: {other: {title: Other, when: 'false'}}\n")
    assert summary(someone.does("Page Viewed")) == EXITED


def test_a_longer_dwell_in_a_new_playbook_counts_from_when_a_customer_came_in() -> None:
    someone = filled(FULL % "dwell: 1m")
    someone.playbook = book(FULL % "dwell: 1h")
    assert someone.does("Product Removed", MAT, after_ms=30 * MINUTE_MS) is None
    assert moves(someone, HOUR_MS) == [(2_000 + HOUR_MS, "segment.exited", "full")]


@pytest.mark.parametrize(
    ("keys", "said"),
    [
        (
            "until: profile.cart.value >= 150.0",
            "7:10: segments.full.until; expected a condition that ends it, got `when`, word for w",
        ),
        (
            "until: profile.cart.valeu < 1.0",
            "7:23: segments.full.until; an unknown field of profile.cart; ",
        ),
        ("until: event.name == 'Page Viewed'", "7:10: segments.full.until; there is no event here"),
        (
            "until: '\"full\" in segments'",
            "6:12: segments that name each other; expected an order without a circle, got full -> ",
        ),
        (
            "dwell: 367d",
            '7:10: segments.full.dwell; expected a duration of at most 366d, got "367d"',
        ),
        ("dwell: soon", "7:10: segments.full.dwell; expected a duration such as 90s"),
    ],
)
def test_a_wrong_way_out_is_refused_at_its_place(keys: str, said: str) -> None:
    text = FULL.replace("%s", f"\n  {keys}")
    with pytest.raises(PlaybookError) as refused:
        book(text)
    assert str(refused.value).startswith(f"test.yaml:{said}")


def test_until_may_be_the_negation_of_when() -> None:
    assert book(FULL % "until: '!(profile.cart.value >= 150.0)'").segments["full"].until


CASE = """
    segments:
      full: {title: Full, when: profile.cart.value >= 150.0, %s}
    offers: {}
    tests:
      - name: It is so
        given:
          - {channel: click, event: Product Added, properties: {product_id: a, price: 160.0}}
          - {channel: click, event: Product Removed, at: +1h, properties: {product_id: a}}
          - {channel: click, event: Product Added, properties: {product_id: b, price: 120.0}}
        expect: {segments: %s}
    """


KEPT_OUT = """
    segments:
      full: {title: Full, when: profile.cart.value >= 150.0, until: profile.cart.value < 200.0}
      talk: {title: Talk, when: '"full" in segments'}
    offers: {}
    tests:
      - name: It is so
        given: [{channel: click, event: Product Added, properties: {product_id: a, price: 160.0}}]
        expect: {segments: {in: [talk]}}
    """


def why(keys: str, expected: str) -> list[tuple[Any, ...]]:
    """What a test of the playbook says of a difference: sign, segment, reasons."""
    playbook = book(CASE % (keys, expected))
    (difference,) = run(playbook.cases[0], playbook).differences
    return [(row.sign, row.text, *row.why) for row in difference.rows]


def test_a_case_says_of_who_is_still_in_it_that_until_has_not_come() -> None:
    since = "in it since 2026-01-01T00:00:00.000Z"
    false = "until: profile.cart.value < 0.0 is false: profile.cart.value = 120.0"
    assert why("until: profile.cart.value < 0.0", "[]") == [("+", "full", since, false)]


def test_a_case_says_of_who_is_still_in_it_until_when_the_dwell_is() -> None:
    since = "in it since 2026-01-01T00:00:00.000Z, at least until 2026-01-01T02:00:00.000Z (dwell)"
    assert why("dwell: 2h", "[]") == [("+", "full", since)]


def test_a_case_says_of_who_is_not_in_it_that_until_keeps_them_out() -> None:
    playbook = book(KEPT_OUT)
    (difference,) = run(playbook.cases[0], playbook).differences
    assert [row.why for row in difference.rows] == [
        (
            '"full" in segments is false',
            "until: profile.cart.value < 200.0 is true: profile.cart.value = 160.0",
        )
    ]
