"""Rows, and a warehouse in memory that can be away."""

import threading
from collections.abc import Mapping, Sequence

from connectors.kafka.reader import Place
from connectors.warehouse.errors import WarehouseUnavailable
from connectors.warehouse.tables import TOUCHPOINTS, Row

TOPIC = TOUCHPOINTS.topic
HOME, AWAY = Place(TOPIC, 0), Place(TOPIC, 1)


def row(mark: int, place: Place = HOME, size: int = 1) -> Row:
    return Row(place, mark, size, (mark,) * len(TOUCHPOINTS.columns))


class Warehouse:
    """An appender that remembers, and is not available for as many attempts as it is told."""

    table = TOUCHPOINTS

    def __init__(self) -> None:
        self.commits: list[tuple[list[int], dict[int, int]]] = []
        self.away = 0

    def append(self, rows: Sequence[Row], offsets: Mapping[int, int]) -> int:
        if self.away:
            self.away -= 1
            raise WarehouseUnavailable("it is away")
        self.commits.append(([r.mark for r in rows], dict(offsets)))
        return len(rows)


class Waits(threading.Event):
    """A stop event that notes how long it was waited on, and lets no time pass."""

    def __init__(self, stop_after: int = 1_000) -> None:
        super().__init__()
        self.seconds: list[float] = []
        self._stop_after = stop_after

    def wait(self, timeout: float | None = None) -> bool:
        self.seconds.append(timeout or 0)
        return len(self.seconds) >= self._stop_after
