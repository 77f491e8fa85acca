"""Looks at what each life of the workers takes of the machine, once a second."""

import os
import threading
import time
from collections.abc import Sequence
from pathlib import Path

from tests.faults.laws.flat import Sample, Usage, grown, usage
from tests.faults.stage.crew import Crew

EVERY_S = 1.0
PAGE_MB = os.sysconf("SC_PAGE_SIZE") / 1e6


class UsageWatch(threading.Thread):
    """From `start` to `end`."""

    def __init__(self, crew: Crew) -> None:
        super().__init__(name="usage-watch", daemon=True)
        self._crew = crew
        self._ended = threading.Event()
        self._lives: dict[str, list[Sample]] = {}
        """Name of a process, which is one life of a worker → looks at it."""

    def run(self) -> None:
        while not self._ended.wait(EVERY_S):
            for worker in list(self._crew.workers):
                process = worker.process
                if (seen := look(process.pid)) is not None:
                    self._lives.setdefault(process.name, []).append(seen)

    def end(self) -> None:
        """Look no more. Repeatable."""
        self._ended.set()
        if self.is_alive():
            self.join()

    def write(self, file: Path) -> None:
        """All looks, as lines with commas, for whoever wants to see how something grew."""
        with file.open("w") as out:
            out.write("process,second,memory_mb,open_files\n")
            for name, samples in self._lives.items():
                out.writelines(
                    f"{name},{s.at_s:.1f},{s.memory_mb:.1f},{s.files}\n" for s in samples
                )

    def of_lives(self) -> dict[str, Usage]:
        """Name of a process → what it took, for those that lived long enough."""
        found = {name: usage(samples) for name, samples in self._lives.items()}
        return {name: of for name, of in found.items() if of is not None}

    def grown(self) -> Sequence[str]:
        """What has grown, a sentence each."""
        return [wrong for name, of in self.of_lives().items() for wrong in grown(name, of)]


def look(pid: int) -> Sample | None:
    """At a process, now; None when it is gone."""
    place = Path("/proc") / str(pid)
    try:
        pages = int((place / "statm").read_text().split()[1])
        files = len(list((place / "fd").iterdir()))
    except OSError:
        return None
    return Sample(time.monotonic(), pages * PAGE_MB, files) if pages else None
