"""What the last 90 days are."""

from state.windows import ORDER_WINDOW_MS, count_since, value_since
from tests.state.traffic import START_MS


def test_an_order_of_exactly_90_days_ago_counts_and_one_of_a_millisecond_more_does_not() -> None:
    recent = [(START_MS, 10.0, 1), (START_MS, 12.5, 2), (START_MS + 5, -2.5, 0)]
    since_ms = (START_MS + 90 * 24 * 3_600 * 1_000) - ORDER_WINDOW_MS
    assert (count_since(recent, since_ms), value_since(recent, since_ms)) == (3, 20.0)
    assert (count_since(recent, since_ms + 1), value_since(recent, since_ms + 1)) == (0, -2.5)
    assert (count_since([], since_ms), value_since([], since_ms)) == (0, 0.0)
