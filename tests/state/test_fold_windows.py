"""What the last 90 days are."""

from state.windows import ORDER_WINDOW_DAYS, count_since, value_since


def test_a_day_90_days_ago_counts_and_the_one_before_does_not() -> None:
    recent = [(20_000, 22.5, 3), (20_001, -2.5, 0)]
    first_day = 20_090 - ORDER_WINDOW_DAYS
    assert (count_since(recent, first_day), value_since(recent, first_day)) == (3, 20.0)
    assert (count_since(recent, first_day + 1), value_since(recent, first_day + 1)) == (0, -2.5)
    assert (count_since([], first_day), value_since([], first_day)) == (0, 0.0)
