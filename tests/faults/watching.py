"""Looking at a running flow: what it says, what its metrics show, and until when."""

import http.client
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from urllib.parse import urlsplit

from prometheus_client.parser import text_string_to_metric_families

from tests.faults.programs import Child

Page = Mapping[tuple[str, ...], float]
"""(name, value of a label, ...), labels in the order of their names → number."""


def until(true: Callable[[], bool], what: str) -> None:
    """Poll until `true`. Fails after 30 s."""
    deadline = time.monotonic() + 30
    while not true():
        assert time.monotonic() < deadline, f"waited in vain until {what}"
        time.sleep(0.01)


def until_asleep(child: Child) -> None:
    """Wait until it is frozen (SIGSTOP)."""
    stat = Path(f"/proc/{child.pid}/stat")
    until(lambda: stat.read_text().rpartition(")")[2].split()[0] == "T", "it is frozen")


def until_said(child: Child, words: str) -> str:
    """Read on until the child says `words`; that line. The test's time limit ends the wait."""
    said = line = ""
    while words not in line:
        line = child.stderr.readline()
        assert line, f"it ended without saying {words!r}:\n{said}"
        said += line
    return line


def metrics(child: Child) -> Callable[[], Page]:
    """A look at the metrics of a child that has just been started."""
    address = urlsplit(until_said(child, "metrics at ").split()[-1]).netloc

    def look() -> Page:
        connection = http.client.HTTPConnection(address, timeout=5)
        connection.request("GET", "/metrics")
        text = connection.getresponse().read().decode()
        connection.close()
        return {
            (sample.name, *(sample.labels[name] for name in sorted(sample.labels))): sample.value
            for family in text_string_to_metric_families(text)
            for sample in family.samples
        }

    return look


class Look:
    """At the metrics of a child that has just been started."""

    def __init__(self, child: Child) -> None:
        self._look = metrics(child)
        self.page: Page = {}
        """As it was at the last look."""

    def at(self, name: str, *labels: str) -> float:
        """touchline_NAME, now; `labels`: their values."""
        self.page = self._look()
        return self.page[(f"touchline_{name}", *labels)]
