"""The warehouse flow, running in a thread of the test's process."""

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from flows import warehouse
from flows.metrics.meter import Meter
from flows.settings import Settings


def until(what: str, true: Callable[[], bool], seconds: float = 30) -> None:
    deadline = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < deadline, f"{what}: not in {seconds} s"
        time.sleep(0.02)


class Running:
    """The flow in a thread of this process."""

    def __init__(self, bootstrap: str, folder: Path) -> None:
        self.meter = Meter()
        self.ready = threading.Event()
        self.readiness = 0
        self.failure: Exception | None = None
        self._stop = threading.Event()
        self._settings = Settings(kafka_bootstrap_servers=bootstrap, warehouse_url=str(folder))
        self._thread = threading.Thread(target=self._run)
        self._thread.start()

    def _run(self) -> None:
        try:
            warehouse.run(self._settings, self.meter, self._stop, self._is_ready)
        except Exception as failure:  # noqa: BLE001  looked at by the test
            self.failure = failure

    def _is_ready(self) -> None:
        self.readiness += 1
        self.ready.set()

    def stop(self) -> float:
        """Seconds that it took to end."""
        began = time.monotonic()
        self._stop.set()
        self._thread.join(20)
        assert not self._thread.is_alive()
        return time.monotonic() - began

    def alive(self) -> bool:
        return self._thread.is_alive()


@contextmanager
def running(bootstrap: str, folder: Path) -> Iterator[Running]:
    flow = Running(bootstrap, folder)
    try:
        yield flow
    finally:
        flow.stop()
    if flow.failure is not None:
        raise flow.failure
