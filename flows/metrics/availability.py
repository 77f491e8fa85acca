"""Whether a server can be used, as metrics: up or not, how often it went away, for how long."""

import time
from collections.abc import Callable
from typing import TypeVar

from flows.metrics.meter import Meter

T = TypeVar("T")


class Availability:
    """Of one server; belongs to the thread that uses it.

    Its metrics are touchline_NAME_up, touchline_NAME_outages_total, and
    touchline_NAME_outage_seconds_total, which grows while the outage lasts.
    """

    def __init__(
        self, meter: Meter, name: str, now_s: Callable[[], float] = time.monotonic
    ) -> None:
        """`name`: kafka, redis or warehouse. `now_s`: a monotonic clock."""
        self._meter = meter
        self._name = name
        self._now_s = now_s
        self._booked_s: float | None = None
        """Until when the outage that goes on is booked; None when there is none."""

    def tell(self, up: bool) -> None:
        """Say what was found; to say the same again is no other outage."""
        self.look()
        if up:
            self._booked_s = None
        elif self._booked_s is None:
            self._booked_s = self._now_s()
            self._meter.add(f"touchline_{self._name}_outages_total")
        self._meter.set(f"touchline_{self._name}_up", up)

    @property
    def is_away(self) -> bool:
        """Whether an outage goes on, as far as is known."""
        return self._booked_s is not None

    def look(self) -> None:
        """Book the time that has passed, if it is away. To be called now and then."""
        if self._booked_s is not None:
            now_s = self._now_s()
            self._meter.add(f"touchline_{self._name}_outage_seconds_total", now_s - self._booked_s)
            self._booked_s = now_s

    def asked(self, ask: Callable[[], T], away: tuple[type[Exception], ...]) -> Callable[[], T]:
        """`ask`, and telling of it: the server is up when it returns, not when it raises `away`."""

        def told() -> T:
            try:
                answer = ask()
            except away:
                self.tell(False)
                raise
            self.tell(True)
            return answer

        return told
