"""Times of day where the customer is: quiet hours, and the next time it is nine o'clock.

A time of day is in milliseconds since midnight, as clocks on the wall show it; where they are put
forward or back, what they show is what counts. Instants are milliseconds since the epoch, UTC.
"""

from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

from msgspec import Struct

from decisions.journeys.clocks.zones import DAY_MS, change_after, offset_ms, wall
from decisions.language import EvaluationError, Value
from state.profile import Profile
from state.times import milliseconds
from state.touchpoint import Touchpoint


class LocalTime(Struct, frozen=True):
    """Where the customer's clock hangs."""

    zone: Value | None
    """An expression: the name of the customer's zone."""
    otherwise: ZoneInfo
    """For customers whose zone is not known."""
    zones: dict[str, ZoneInfo]
    """All there are; empty where no expression may name one."""

    def of(self, profile: Profile, touchpoint: Touchpoint, now_ms: int) -> tuple[ZoneInfo, int]:
        """The customer's zone and 0; `otherwise` where it is not told, and where what is told is no
        zone; then with 1, as that is an error."""
        if self.zone is None:
            return self.otherwise, 0
        try:
            name = self.zone(profile, touchpoint, now_ms)
        except EvaluationError:
            return self.otherwise, 0
        found = self.zones.get(name) if isinstance(name, str) else None
        return (self.otherwise, 1) if found is None else (found, 0)


class Quiet(Struct, frozen=True):
    """Hours in which nothing is sent: from `start_ms` of the day on, before `end_ms`; over midnight
    where the end is the smaller one."""

    start_ms: int
    end_ms: int

    def covers(self, day_ms: int) -> bool:
        """Whether that time of day is among them."""
        if self.start_ms < self.end_ms:
            return self.start_ms <= day_ms < self.end_ms
        return day_ms >= self.start_ms or day_ms < self.end_ms

    def over_at(self, zone: ZoneInfo, now_ms: int) -> int:
        """`now_ms` where it is not quiet; else the first instant after it at which it is not.

        It is quiet while clocks show one of the hours. When they are put over the end of the hours,
        it is over with that; when they are put back into the hours, it is quiet again.
        """
        at_ms = now_ms
        while self.covers(shown := (at_ms + offset_ms(zone, at_ms)) % DAY_MS):
            over_ms = at_ms + (self.end_ms - shown) % DAY_MS
            at_ms = change_after(zone, at_ms, over_ms) or over_ms
        return at_ms

    def begins_at(self, zone: ZoneInfo, now_ms: int) -> int:
        """The first instant after `now_ms`, at which it is not quiet, at which it is."""
        at_ms = now_ms
        while True:
            begins_ms = at_ms + (self.start_ms - at_ms - offset_ms(zone, at_ms)) % DAY_MS
            changed_ms = change_after(zone, at_ms, begins_ms)
            if not changed_ms:
                return begins_ms
            if self.covers((changed_ms + offset_ms(zone, changed_ms)) % DAY_MS):
                return changed_ms
            at_ms = changed_ms


class TimeOfDay(Struct, frozen=True):
    """A time of day, on some days of the week."""

    day_ms: int
    days: frozenset[int]
    """0 = Monday."""

    def after(self, zone: ZoneInfo, now_ms: int) -> int:
        """The first instant after `now_ms` at which it is this time, once a day.

        On a day on which clocks pass over it, it is when they are put forward; on one on which they
        show it twice, it is the first time.
        """
        day = wall(zone, now_ms).date()
        while True:
            if day.weekday() in self.days:
                shown = datetime.combine(day, time()) + timedelta(milliseconds=self.day_ms)
                at_ms = _first(zone, shown)
                if at_ms > now_ms and wall(zone, at_ms).date() == day:
                    return at_ms
            day += timedelta(days=1)


def _first(zone: ZoneInfo, shown: datetime) -> int:
    """The first instant at which clocks show `shown`; where they never do, that at which they are
    put over it."""
    as_utc = milliseconds(shown.replace(tzinfo=UTC))
    # An offset changes by less than a day, so one of before and one of after are enough.
    for offset in sorted(
        {offset_ms(zone, as_utc - DAY_MS), offset_ms(zone, as_utc + DAY_MS)}, reverse=True
    ):
        if wall(zone, as_utc - offset) == shown:
            return as_utc - offset
    return change_after(zone, as_utc - DAY_MS, as_utc + DAY_MS)
