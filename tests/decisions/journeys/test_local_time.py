"""Quiet hours and times of day, through the nights in which clocks are changed."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from decisions.journeys.clocks.local_time import Quiet, TimeOfDay
from decisions.journeys.clocks.zones import zones
from state.times import milliseconds

EVERY = frozenset(range(7))
MINUTE_MS = 60_000
HOUR_MS = 60 * MINUTE_MS
PLACES = ["Europe/Berlin", "America/New_York", "Australia/Lord_Howe"]


def ms(text: str) -> int:
    return milliseconds(datetime.fromisoformat(text))


def day_ms(text: str) -> int:
    hours, minutes = map(int, text.split(":"))
    return hours * HOUR_MS + minutes * MINUTE_MS


@pytest.mark.parametrize(
    ("zone", "now", "over"),
    [
        # An ordinary night, its first and last instants.
        ("Europe/Berlin", "2026-02-02T20:59:59.999+01:00", "2026-02-02T20:59:59.999+01:00"),
        ("Europe/Berlin", "2026-02-02T21:00:00+01:00", "2026-02-03T08:00:00+01:00"),
        ("Europe/Berlin", "2026-02-03T07:59:59.999+01:00", "2026-02-03T08:00:00+01:00"),
        ("Europe/Berlin", "2026-02-03T08:00:00+01:00", "2026-02-03T08:00:00+01:00"),
        # The night that is an hour shorter, and the one that is an hour longer.
        ("Europe/Berlin", "2026-03-28T22:00:00+01:00", "2026-03-29T08:00:00+02:00"),
        ("Europe/Berlin", "2026-10-24T22:00:00+02:00", "2026-10-25T08:00:00+01:00"),
        ("America/New_York", "2026-03-07T22:00:00-05:00", "2026-03-08T08:00:00-04:00"),
        ("America/New_York", "2026-10-31T22:00:00-04:00", "2026-11-01T08:00:00-05:00"),
        # Half an hour.
        ("Australia/Lord_Howe", "2026-10-03T22:00:00+10:30", "2026-10-04T08:00:00+11:00"),
        ("Australia/Lord_Howe", "2026-04-04T22:00:00+11:00", "2026-04-05T08:00:00+10:30"),
    ],
)
def test_quiet_hours_end_when_clocks_say_so(zone: str, now: str, over: str) -> None:
    quiet = Quiet(day_ms("21:00"), day_ms("08:00"))
    assert quiet.over_at(zones()[zone], ms(now)) == ms(over)


def test_quiet_hours_whose_end_is_skipped_end_when_clocks_are_put_forward() -> None:
    quiet = Quiet(day_ms("01:00"), day_ms("02:30"))
    over = quiet.over_at(zones()["Europe/Berlin"], ms("2026-03-29T01:30:00+01:00"))
    assert over == ms("2026-03-29T03:00:00+02:00")


def test_quiet_hours_come_again_when_clocks_are_put_back_into_them() -> None:
    quiet, berlin = Quiet(day_ms("02:00"), day_ms("02:30")), zones()["Europe/Berlin"]
    for now, over in (
        ("2026-10-25T02:10:00+02:00", "2026-10-25T02:30:00+02:00"),
        ("2026-10-25T02:40:00+02:00", "2026-10-25T02:40:00+02:00"),
        ("2026-10-25T02:10:00+01:00", "2026-10-25T02:30:00+01:00"),
    ):
        assert quiet.over_at(berlin, ms(now)) == ms(over)
    late = Quiet(day_ms("02:30"), day_ms("04:00"))
    assert late.over_at(berlin, ms("2026-10-25T02:59:00+02:00")) == ms("2026-10-25T02:00:00+01:00")


@pytest.mark.parametrize(
    ("zone", "time", "now", "then"),
    [
        ("Europe/Berlin", "09:00", "2026-02-02T08:59:59.999+01:00", "2026-02-02T09:00:00+01:00"),
        ("Europe/Berlin", "09:00", "2026-02-02T09:00:00+01:00", "2026-02-03T09:00:00+01:00"),
        ("Europe/Berlin", "00:00", "2026-02-02T09:00:00+01:00", "2026-02-03T00:00:00+01:00"),
        # A time that does not exist is when clocks are put over it.
        ("Europe/Berlin", "02:30", "2026-03-28T12:00:00+01:00", "2026-03-29T03:00:00+02:00"),
        ("Europe/Berlin", "02:00", "2026-03-28T12:00:00+01:00", "2026-03-29T03:00:00+02:00"),
        ("Europe/Berlin", "02:30", "2026-03-29T03:00:00+02:00", "2026-03-30T02:30:00+02:00"),
        ("Europe/Berlin", "02:30", "2026-03-29T01:59:59.999+01:00", "2026-03-29T03:00:00+02:00"),
        ("America/New_York", "02:30", "2026-03-07T12:00:00-05:00", "2026-03-08T03:00:00-04:00"),
        ("Australia/Lord_Howe", "02:15", "2026-10-03T12:00:00+10:30", "2026-10-04T02:30:00+11:00"),
        # One that comes twice is its first.
        ("Europe/Berlin", "02:30", "2026-10-24T12:00:00+02:00", "2026-10-25T02:30:00+02:00"),
        ("Europe/Berlin", "02:30", "2026-10-25T02:30:00+02:00", "2026-10-26T02:30:00+01:00"),
        ("Europe/Berlin", "02:30", "2026-10-25T02:00:00+01:00", "2026-10-26T02:30:00+01:00"),
        ("America/New_York", "01:30", "2026-10-31T12:00:00-04:00", "2026-11-01T01:30:00-04:00"),
        ("Australia/Lord_Howe", "01:45", "2026-04-04T12:00:00+11:00", "2026-04-05T01:45:00+11:00"),
        # Days that are a day and an hour, and one that was left out.
        ("Europe/Berlin", "09:00", "2026-10-24T12:00:00+02:00", "2026-10-25T09:00:00+01:00"),
        ("Pacific/Apia", "09:00", "2011-12-29T23:00:00-10:00", "2011-12-31T09:00:00+14:00"),
    ],
)
def test_a_time_of_day_comes_once_a_day(zone: str, time: str, now: str, then: str) -> None:
    assert TimeOfDay(day_ms(time), EVERY).after(zones()[zone], ms(now)) == ms(then)


def test_a_time_of_day_can_be_for_some_days_of_the_week() -> None:
    weekend = TimeOfDay(day_ms("09:00"), frozenset({5, 6}))
    berlin = zones()["Europe/Berlin"]
    friday, saturday = "2026-02-06T10:00:00+01:00", "2026-02-07T09:00:00+01:00"
    assert weekend.after(berlin, ms(friday)) == ms(saturday)
    monday = TimeOfDay(day_ms("00:00"), frozenset({0}))
    assert monday.after(berlin, ms("2026-02-02T00:00:00+01:00")) == ms("2026-02-09T00:00:00+01:00")


NIGHTS = [
    ms(text)
    for text in (
        "2026-03-29T00:00:00Z",
        "2026-10-25T00:00:00Z",
        "2026-03-08T06:00:00Z",
        "2026-11-01T06:00:00Z",
        "2026-04-04T15:00:00Z",
        "2026-10-03T15:00:00Z",
    )
]
instants = st.tuples(st.sampled_from(NIGHTS), st.integers(-30 * HOUR_MS, 6 * HOUR_MS)).map(sum)
times = st.integers(0, 24 * 60 - 1).map(lambda minute: minute * MINUTE_MS)


def shown(zone: ZoneInfo, at_ms: int) -> datetime:
    return (datetime(1970, 1, 1, tzinfo=UTC) + timedelta(milliseconds=at_ms)).astimezone(zone)


def of_day(zone: ZoneInfo, at_ms: int) -> int:
    now = shown(zone, at_ms)
    return (now.hour * 3600 + now.minute * 60 + now.second) * 1000 + now.microsecond // 1000


@settings(deadline=None)
@given(st.sampled_from(PLACES), instants, times, times)
def test_quiet_is_every_minute_at_which_clocks_show_it(
    place: str, now_ms: int, start_ms: int, end_ms: int
) -> None:
    assume(start_ms != end_ms)  # is refused
    zone, quiet = zones()[place], Quiet(start_ms, end_ms)
    over_ms = quiet.over_at(zone, now_ms)

    def is_quiet(at_ms: int) -> bool:
        minute = of_day(zone, at_ms)
        if start_ms < end_ms:
            return start_ms <= minute < end_ms
        return minute >= start_ms or minute < end_ms

    assert over_ms == now_ms or not is_quiet(over_ms)
    assert over_ms == now_ms or is_quiet(over_ms - 1)
    minutes = range((now_ms // MINUTE_MS + 1) * MINUTE_MS, over_ms, MINUTE_MS)
    assert is_quiet(now_ms) is (over_ms > now_ms)
    assert all(is_quiet(at_ms) for at_ms in minutes)


@settings(deadline=None)
@given(st.sampled_from(PLACES), instants, times)
def test_a_time_of_day_is_the_first_minute_that_shows_it_or_that_passes_over_it(
    place: str, now_ms: int, time_ms: int
) -> None:
    zone = zones()[place]
    found = TimeOfDay(time_ms, EVERY).after(zone, now_ms)
    done = set()
    at_ms = now_ms // MINUTE_MS * MINUTE_MS - 26 * HOUR_MS
    while True:
        day = shown(zone, at_ms).date()
        if day not in done and of_day(zone, at_ms) >= time_ms:
            if at_ms > now_ms:
                break
            done.add(day)
        at_ms += MINUTE_MS
    assert found == at_ms


def test_zones_are_those_of_the_package_whatever_the_machine_has() -> None:
    import zoneinfo

    assert len(zones()) > 500
    before = zoneinfo.TZPATH
    try:
        zoneinfo.reset_tzpath(())
        zones.cache_clear()
        assert zones()["Europe/Berlin"].key == "Europe/Berlin"
        assert "../Berlin" not in zones()
    finally:
        zoneinfo.reset_tzpath(before)
