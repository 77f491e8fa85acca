"""A worker that ends by itself is started again, later each time, until that is no use."""

from hypothesis import example, given
from hypothesis import strategies as st

from flows.restarts import CRASHES, FIRST_S, HEALTHY_S, MOST_S, WITHIN_S, Restarts

LIVES = st.lists(st.floats(0, 200), max_size=40)
"""Seconds that a worker runs each time until it crashes."""
CRASH = 7


def lived(lives: list[float], restarts: Restarts) -> list[tuple[float, float | None]]:
    """(when it crashed, what it was told), until it is given up."""
    now_s, told = 1_000.0, []
    for life_s in lives:
        restarts.began(now_s)
        now_s += life_s
        delay_s = restarts.ended(now_s, CRASH)
        told.append((now_s, delay_s))
        if delay_s is None:
            break
        now_s += delay_s
    return told


@given(LIVES)
def test_each_delay_is_twice_the_last_within_bounds_and_forgotten_after_good_health(
    lives: list[float],
) -> None:
    expected_s = FIRST_S
    for life_s, (_, delay_s) in zip(lives, lived(lives, Restarts(frozenset())), strict=False):
        expected_s = FIRST_S if life_s >= HEALTHY_S else expected_s
        assert delay_s in (expected_s, None)
        expected_s = min(expected_s * 2, MOST_S)


@given(LIVES)
def test_it_is_given_up_at_the_fifth_crash_within_a_minute_and_never_before(
    lives: list[float],
) -> None:
    told = lived(lives, Restarts(frozenset()))
    crashed = [now_s for now_s, _ in told]
    for number, (now_s, delay_s) in enumerate(told, start=1):
        recent = [at for at in crashed[:number] if now_s - at <= WITHIN_S]
        assert (delay_s is None) == (len(recent) >= CRASHES)


def test_one_that_crashes_at_once_each_time_is_given_up_after_four_restarts() -> None:
    assert [delay for _, delay in lived([0.0] * 9, Restarts(frozenset()))] == [0.5, 1, 2, 4, None]


def test_one_that_crashes_now_and_then_is_started_again_for_ever() -> None:
    delays = [delay for _, delay in lived([20.0] * 30, Restarts(frozenset()))]
    assert None not in delays
    assert delays[-1] == MOST_S


@given(st.integers(-64, 255))
@example(1)
@example(4)
def test_an_exit_code_that_a_restart_does_not_cure_is_final_at_once(code: int) -> None:
    restarts = Restarts(frozenset({1, 4}))
    restarts.began(0)
    assert (restarts.ended(10_000, code) is None) == (code in (1, 4))
