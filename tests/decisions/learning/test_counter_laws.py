"""Counters fade by one law, to the bit, in whatever pieces and in whatever order they come."""

from math import inf, nan
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from decisions.learning.counter import (
    FOREVER_MS,
    NOTHING,
    Counter,
    added,
    booked,
    factor,
    landmark,
    moved,
)

DAY_MS = 86_400_000
BEGIN_MS = 1_800_000_000_000

half_lives = st.integers(60_000, 90 * DAY_MS)
spans = st.integers(0, 60)
# Not so small that fading leads below what a float holds in full, 1e-308: there is no law there.
weights = st.just(0.0) | st.floats(1e-6, 1e6)
shares = st.just(0.0) | st.floats(1e-6, 1)
moments = st.integers(BEGIN_MS, BEGIN_MS + 30 * DAY_MS)
deeds = st.lists(st.tuples(moments, st.floats(0.001, 10), shares), max_size=30)
"""When, tries, share of them that was taken."""


@st.composite
def counters(draw: st.DrawFn, at_ms: int = 0) -> Counter:
    tries = draw(weights)
    return Counter(tries, tries * draw(shares), at_ms)


def play(history: list[tuple[int, float, float]], half_life_ms: int) -> Counter:
    found = NOTHING
    for at_ms, tries, share in history:
        found = booked(found, half_life_ms, at_ms, tries=tries, taken=tries * share)
    return found


@given(half_lives, counters(), spans, spans)
def test_to_move_in_two_steps_is_to_move_in_one_to_the_bit(
    half_life_ms: int, counter: Counter, near: int, far: int
) -> None:
    steps = moved(counter, near * half_life_ms, half_life_ms)
    steps = moved(steps, (near + far) * half_life_ms, half_life_ms)
    assert steps == moved(counter, (near + far) * half_life_ms, half_life_ms)


@given(half_lives, counters(), counters(), spans)
def test_the_sum_of_what_has_faded_is_the_faded_sum_to_the_bit(
    half_life_ms: int, a: Counter, b: Counter, span: int
) -> None:
    to_ms = span * half_life_ms
    later_a, later_b = (moved(each, to_ms, half_life_ms) for each in (a, b))
    assert added(later_a, later_b, half_life_ms) == moved(
        added(a, b, half_life_ms), to_ms, half_life_ms
    )


@given(half_lives, counters(), counters(), moments)
def test_the_sum_law_holds_between_landmarks_too_up_to_rounding(
    half_life_ms: int, a: Counter, b: Counter, to_ms: int
) -> None:
    parts = [moved(each, to_ms, half_life_ms) for each in (a, b)]
    whole = moved(added(a, b, half_life_ms), to_ms, half_life_ms)
    for name in ("tries", "taken"):
        total = sum(getattr(part, name) for part in parts)
        assert getattr(whole, name) == pytest.approx(total, rel=1e-14, abs=1e-300)


@given(half_lives, deeds)
def test_a_counter_is_the_sum_of_what_each_deed_is_still_worth(
    half_life_ms: int, history: list[tuple[int, float, float]]
) -> None:
    now_ms = BEGIN_MS + 31 * DAY_MS
    found = moved(play(history, half_life_ms), now_ms, half_life_ms)
    worth = [0.5 ** ((now_ms - at_ms) / half_life_ms) for at_ms, _, _ in history]
    tries = sum(w * t for w, (_, t, _) in zip(worth, history, strict=True))
    taken = sum(w * t * s for w, (_, t, s) in zip(worth, history, strict=True))
    assert found.tries == pytest.approx(tries, rel=1e-11, abs=1e-300)
    assert found.taken == pytest.approx(taken, rel=1e-11, abs=1e-300)


@given(half_lives, deeds, st.randoms(use_true_random=False))
def test_the_order_in_which_deeds_come_makes_no_difference_but_rounding(
    half_life_ms: int, history: list[tuple[int, float, float]], dice: Random
) -> None:
    other = list(history)
    dice.shuffle(other)
    one, two = play(history, half_life_ms), play(other, half_life_ms)
    assert one.at_ms == two.at_ms
    assert one.tries == pytest.approx(two.tries, rel=1e-12)
    assert one.taken == pytest.approx(two.taken, rel=1e-12, abs=1e-12)


@given(half_lives, deeds)
def test_a_replay_of_equal_deeds_gives_equal_bits(
    half_life_ms: int, history: list[tuple[int, float, float]]
) -> None:
    one, two = play(history, half_life_ms), play(list(history), half_life_ms)
    assert (one.tries.hex(), one.taken.hex(), one.at_ms) == (
        two.tries.hex(),
        two.taken.hex(),
        two.at_ms,
    )


@given(half_lives, deeds, st.permutations(range(30)))
def test_no_more_is_ever_taken_than_tried_when_it_is_booked_after_and_as_of_its_try(
    half_life_ms: int, history: list[tuple[int, float, float]], order: list[int]
) -> None:
    found = NOTHING
    for at_ms, tries, _ in history:
        found = booked(found, half_life_ms, at_ms, tries=tries, taken=0)
    for which in order:
        if which < len(history):
            at_ms, tries, _ = history[which]
            found = booked(found, half_life_ms, at_ms, tries=0, taken=tries)
            assert found.taken <= found.tries
    assert found.taken == pytest.approx(found.tries, rel=1e-9)


def test_after_a_half_life_half_is_left() -> None:
    counter = booked(NOTHING, DAY_MS, BEGIN_MS, tries=8, taken=2)
    assert moved(counter, BEGIN_MS, DAY_MS) == Counter(8, 2, BEGIN_MS)
    assert moved(counter, BEGIN_MS + DAY_MS, DAY_MS) == Counter(4, 1, BEGIN_MS + DAY_MS)
    assert moved(counter, BEGIN_MS + 5_000 * DAY_MS, DAY_MS).tries == 0


def test_what_shall_not_fade_is_a_plain_count() -> None:
    counter = NOTHING
    for number in range(1_000):
        counter = booked(counter, FOREVER_MS, number * DAY_MS, tries=1, taken=number % 2)
    now = moved(counter, 1_000 * DAY_MS, FOREVER_MS)
    assert now.tries == pytest.approx(1_000, rel=1e-4)
    assert now.taken == pytest.approx(500, rel=1e-4)


@pytest.mark.parametrize("wrong", [nan, inf, -inf, -0.1])
def test_a_number_that_is_none_is_refused_by_name(wrong: float) -> None:
    with pytest.raises(ValueError, match="tries: expected a finite number"):
        booked(NOTHING, DAY_MS, BEGIN_MS, tries=wrong, taken=0)
    with pytest.raises(ValueError, match="taken: expected a finite number"):
        booked(NOTHING, DAY_MS, BEGIN_MS, tries=1, taken=wrong)
    with pytest.raises(ValueError, match="tries: expected a finite number"):
        added(Counter(wrong, 0, 0), NOTHING, DAY_MS)


def test_more_taken_than_tried_is_refused() -> None:
    with pytest.raises(ValueError, match=r"taken: expected at most the tries, 0\.0, got 1\.0"):
        booked(NOTHING, DAY_MS, 0, tries=0, taken=1)


def test_numbers_that_would_be_endless_are_refused_and_not_kept() -> None:
    with pytest.raises(ValueError, match="tries: expected a finite number"):
        booked(Counter(1.7e308, 0, 0), DAY_MS, 0, tries=1.7e308, taken=0)
    with pytest.raises(ValueError, match="over 1,000 half-lives"):
        moved(Counter(1, 0, 2_000 * DAY_MS), 0, DAY_MS)
    with pytest.raises(ValueError, match="half_life_ms: expected 1 or more, got 0"):
        factor(0, 1, 0)


@given(moments, half_lives)
def test_a_landmark_is_where_a_half_life_begins(at_ms: int, half_life_ms: int) -> None:
    found = landmark(at_ms, half_life_ms)
    assert found <= at_ms < found + half_life_ms
    assert landmark(found, half_life_ms) == found
    assert 1 <= factor(at_ms, found, half_life_ms) < 2
