"""What time alone leads to, and what it leaves for the customer's next event."""

from state.times import rfc3339
from tests.decisions.in_time import InTime
from tests.decisions.someone import START_MS, book

HOUR_MS = 3_600_000
OPENS_MS = 2 * HOUR_MS
BOOK = book(
    f"""
segments:
  idle:
    title: Has done nothing for an hour
    when: now - profile.last_at >= 1h
offers:
  usual: {{title: Any, lever: 1, value: 1, channels: [click], placements: home, ttl: 9d}}
  later:
    title: From then on
    start: {rfc3339(START_MS + OPENS_MS)}
    lever: 9
    value: 9
    channels: [click]
    placements: home
    ttl: 9d
"""
)


def kinds(someone: InTime) -> list[str]:
    return [action.kind for _, action in someone.published]


def happens(someone: InTime, at_ms: int) -> None:
    someone.at(at_ms, "Page Viewed")


def test_an_offer_that_opens_waits_for_the_customer_and_for_no_wake() -> None:
    """Else it would depend on when somebody happens to be asked in vain."""
    someone = InTime(BOOK, ("segment", "offer"))
    happens(someone, HOUR_MS * 3 // 2)
    assert kinds(someone) == ["offer.decided"]
    someone.passes(5 * HOUR_MS)
    assert kinds(someone) == ["offer.decided", "segment.entered"]
    happens(someone, 5 * HOUR_MS)
    assert kinds(someone)[2:] == ["segment.exited", "offer.decided"]


def test_a_wake_in_vain_changes_nothing_but_when_the_next_one_is() -> None:
    someone = InTime(BOOK, ("segment", "offer"))
    happens(someone, 0)
    happens(someone, HOUR_MS // 2)
    due_ms, firings = someone.profile.due_at, someone.profile.firings
    assert due_ms == START_MS + HOUR_MS  # as the first event has set it: early, and never late
    someone.passes(HOUR_MS)
    assert kinds(someone) == ["offer.decided"]
    assert someone.profile.due_at == START_MS + HOUR_MS // 2 + HOUR_MS
    assert someone.profile.firings == firings


def test_time_never_goes_back_for_a_customer_whatever_their_timer_says() -> None:
    someone = InTime(BOOK, ("segment", "offer"))
    happens(someone, HOUR_MS)
    decided_ms = someone.profile.decided_at
    someone.profile.due_at = decided_ms - 1_000
    someone.passes(HOUR_MS)
    assert someone.profile.decided_at == decided_ms
    assert someone.profile.due_at > decided_ms


def test_a_segment_that_reads_the_clock_is_not_asked_before_time_may_matter() -> None:
    """As its errors tell, of which there is one each time that it is asked."""
    ages = "now - timestamp(customer.city) > 1h && now - profile.orders.last_at > 1h"
    someone = InTime(book(f"segments:\n  ages: {{title: Of age, when: {ages}}}\n"), ("segment",))
    for minutes in range(0, 50, 10):
        happens(someone, minutes * 60_000)
    assert someone.errors == {"segment.ages": 1}
    someone.at(HOUR_MS, "Order Completed")  # now its other half is false, and that is the answer
    someone.passes(2 * HOUR_MS)
    assert someone.errors == {"segment.ages": 1}
    someone.passes(2 * HOUR_MS + 1)
    assert someone.errors == {"segment.ages": 2}


def test_who_was_decided_for_before_there_was_a_clock_is_asked_all_at_their_next_event() -> None:
    idle = "{title: Has not bought for long, when: now - profile.orders.last_at >= 1h}"
    someone = InTime(book(f"segments:\n  idle: {idle}\n"), ("segment",))
    someone.at(0, "Order Completed")
    someone.profile.decided_at = someone.profile.due_at = 0  # as an earlier Touchline has left it
    happens(someone, HOUR_MS // 2)
    assert someone.profile.due_at == START_MS + HOUR_MS
