from datetime import datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from state.times import milliseconds, rfc3339


@pytest.mark.parametrize(
    ("ms", "text"),
    [
        (0, "1970-01-01T00:00:00.000Z"),
        (-1, "1969-12-31T23:59:59.999Z"),
        (1_767_225_600_007, "2026-01-01T00:00:00.007Z"),
        (253_402_300_799_999, "9999-12-31T23:59:59.999Z"),
    ],
)
def test_milliseconds_become_rfc_3339_in_utc(ms: int, text: str) -> None:
    assert rfc3339(ms) == text


@given(st.integers(0, 4_000_000_000_000), st.integers(1, 10_000))
def test_text_sorts_as_time_does_and_reads_back(ms: int, more: int) -> None:
    assert rfc3339(ms) < rfc3339(ms + more)
    read = datetime.fromisoformat(rfc3339(ms))
    assert round(read.timestamp() * 1_000) == ms


@given(st.integers(-62_135_596_800_000, 253_402_300_799_999))
def test_a_moment_that_was_written_is_read_back_to_the_millisecond(ms: int) -> None:
    read = datetime.fromisoformat(rfc3339(ms))
    assert milliseconds(read) == ms
    assert milliseconds(read + timedelta(microseconds=999)) == ms


def test_a_time_beyond_the_calendar_is_an_error() -> None:
    with pytest.raises(OverflowError):
        rfc3339(253_402_300_800_000)
