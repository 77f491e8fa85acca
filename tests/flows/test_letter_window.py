"""When dead letters are too many: the window of flushes against a plain list of events."""

from collections import Counter

from hypothesis import given
from hypothesis import strategies as st

from flows.processor.letter_window import Counted, LetterWindow

REASONS = st.sampled_from(["not_json", "invalid", ""])
"""Empty: a good event."""
FLUSHES = st.lists(st.lists(REASONS, min_size=1, max_size=7), max_size=30)


def flush(events: list[str], number: int = 0) -> Counted:
    reasons = Counter(reason for reason in events if reason)
    return Counted(len(events), reasons, f"t[0]@{number}" if reasons else "")


def last(flushes: list[list[str]], window: int) -> list[tuple[int, str]] | None:
    """The last events, each with the number of its flush: back to the flush of the Nth from the
    end, and that one whole. None while there are fewer than N."""
    events = [(number, reason) for number, each in enumerate(flushes) for reason in each]
    if len(events) < window:
        return None
    oldest = events[-window][0]
    return [event for event in events if event[0] >= oldest]


@given(FLUSHES, st.lists(REASONS, min_size=1), st.integers(0, 100), st.integers(1, 40))
def test_the_window_judges_as_a_list_of_all_events_does(
    before: list[list[str]], upcoming: list[str], percent: int, size: int
) -> None:
    window = LetterWindow(percent, size)
    for number, each in enumerate(before):
        window.add(flush(each, number))
    judged = window.too_many(flush(upcoming, len(before)))
    events = last([*before, upcoming], size)
    bad = [event for event in events or () if event[1]]
    if events is None or not len(bad) / len(events) * 100 > percent:
        assert judged is None
    else:
        assert judged is not None
        assert (judged.events, judged.reasons) == (len(events), Counter(r for _, r in bad))
        assert judged.newest == f"t[0]@{bad[-1][0]}"


@given(FLUSHES, st.lists(REASONS, min_size=1), st.integers(1, 40))
def test_what_is_pending_counts_as_if_it_were_committed(
    before: list[list[str]], pending: list[str], size: int
) -> None:
    waits, done = LetterWindow(30, size), LetterWindow(30, size)
    for each in before:
        waits.add(flush(each))
        done.add(flush(each))
    done.add(flush(pending))
    assert waits.too_many(flush(pending), flush([""])) == done.too_many(flush([""]))


@given(FLUSHES, st.integers(1, 40))
def test_the_share_is_that_of_the_last_events_and_no_more_flushes_are_kept_than_events(
    flushes: list[list[str]], size: int
) -> None:
    window = LetterWindow(50, size)
    for each in flushes:
        window.add(flush(each))
    events = last(flushes, size) or [(0, reason) for each in flushes for reason in each]
    bad = sum(1 for _, reason in events if reason)
    assert window.share == (bad / len(events) if events else 0)
    assert len(window._flushes) <= size


def test_exactly_the_limit_is_not_too_many_and_one_more_is() -> None:
    half, more = ["invalid"] * 5 + [""] * 5, ["invalid"] * 6 + [""] * 5
    assert LetterWindow(50, 10).too_many(flush(half)) is None
    assert LetterWindow(50, 10).too_many(flush(more)) is not None


def test_with_a_hundred_percent_nothing_is_too_many_and_with_none_the_first_is() -> None:
    assert LetterWindow(100, 1).too_many(flush(["invalid"] * 9)) is None
    assert LetterWindow(0, 3).too_many(flush(["", "", "invalid"])) is not None
    assert LetterWindow(0, 4).too_many(flush(["", "", "invalid"])) is None, "fewer than N were seen"
