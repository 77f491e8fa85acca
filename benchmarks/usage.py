"""Processor time and memory of running processes, read from Linux' /proc."""

import os
from collections.abc import Mapping
from pathlib import Path

from msgspec import Struct

TICK_S = 1 / os.sysconf("SC_CLK_TCK")
PAGE_MB = os.sysconf("SC_PAGE_SIZE") / 1e6
LIBRDKAFKA = "rdk:"
"""What the names of its threads begin with."""


class Usage(Struct, frozen=True):
    """What a process has used since it began, children apart."""

    cpu_s: float
    librdkafka_s: float
    """The part of `cpu_s` that its Kafka clients' own threads used."""
    resident_mb: float


def usage_of(pid: int) -> Usage:
    """Resolution: 10 ms of processor time. Raises OSError when the process is gone."""
    process = Path(f"/proc/{pid}")
    kafka_s = 0.0
    for thread in process.glob("task/*/stat"):
        try:
            name, seconds = _stat(thread)
        except OSError:  # it has ended meanwhile
            continue
        if name.startswith(LIBRDKAFKA):
            kafka_s += seconds
    pages = int((process / "statm").read_text().split()[1])
    return Usage(_stat(process / "stat")[1], kafka_s, round(pages * PAGE_MB, 1))


def machine_busy_s() -> tuple[float, float]:
    """Seconds all processors were at work, and those the hypervisor took from them, since boot."""
    fields = [int(n) for n in Path("/proc/stat").read_text().splitlines()[0].split()[1:9]]
    user, nice, system, _idle, _wait, irq, softirq, steal = fields
    return (user + nice + system + irq + softirq) * TICK_S, steal * TICK_S


def used_between(first: Mapping[str, Usage], last: Mapping[str, Usage]) -> dict[str, float]:
    """Name → processor seconds used from `first` to `last`."""
    return {name: last[name].cpu_s - first[name].cpu_s for name in first}


def _stat(path: Path) -> tuple[str, float]:
    """Name and processor seconds, from a `stat` file: the name stands in brackets."""
    before, _, after = path.read_text().rpartition(")")
    fields = after.split()
    return before.partition("(")[2], (int(fields[11]) + int(fields[12])) * TICK_S
