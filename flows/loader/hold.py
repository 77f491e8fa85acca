"""Waiting for a warehouse that is away: named, counted, bounded, and over as soon as it can be."""

import logging
import threading
import time
from collections.abc import Callable
from typing import TypeVar

from connectors.warehouse.errors import WarehouseUnavailable
from flows.execution import Stopped
from flows.metrics.availability import Availability
from flows.metrics.meter import Meter
from flows.waiting import ServiceAbsent

log = logging.getLogger("touchline.warehouse")

FIRST_S = 0.5
MOST_S = 15.0

T = TypeVar("T")


class Hold:
    """Tries until it is possible. Who waits in here reads nothing, so memory stays bounded."""

    def __init__(
        self,
        stop: threading.Event,
        meter: Meter,
        waiting: Callable[[], None] = lambda: None,
        fail_fast: bool = False,
    ) -> None:
        """`waiting` is called each time that something was found not to be possible now.

        With `fail_fast` nothing is waited for.
        """
        self._stop = stop
        self._meter = meter
        self._warehouse = Availability(meter, "warehouse")
        self._waiting = waiting
        self._fail_fast = fail_fast

    def __call__(self, attempt: Callable[[], T]) -> T:
        """What `attempt` returns, once it does.

        Raises Stopped when `stop` is set before, and ServiceAbsent with `fail_fast`.
        """
        delay_s, began_s, said = FIRST_S, time.monotonic(), ""
        while True:
            try:
                result = attempt()
            except WarehouseUnavailable as reason:
                self._warehouse.tell(False)
                self._meter.add("touchline_warehouse_failures_total")
                if self._fail_fast:
                    raise ServiceAbsent(f"the warehouse is not available: {reason}") from reason
                if str(reason) != said:
                    log.warning("the warehouse is not available, waiting: %s", reason)
                    said = str(reason)
                self._waiting()
                if self._stop.wait(delay_s):
                    log.warning("stopping; what is not written is read from Kafka again next time")
                    raise Stopped from reason
                delay_s = min(2 * delay_s, MOST_S)
            else:
                self._warehouse.tell(True)
                if said:
                    log.warning(
                        "the warehouse is available again after %.1f s", time.monotonic() - began_s
                    )
                return result
