"""A long time at half load, with one trouble after the other; memory and files stay flat."""

import os
from collections.abc import Callable
from pathlib import Path

from tests.brokers.kafka_broker import KafkaBroker
from tests.faults.breaks import broker, store
from tests.faults.breaks.fault import Fault, Stage
from tests.faults.stage.arena import Arena
from tests.faults.stage.crew import Worker

EVERY_S = 20.0
GROWTH = 1.2
"""How much more memory the end may take than the first third, beyond SLACK_MB."""
SLACK_MB = 30
SLACK_FILES = 20


def soak(arena: Arena) -> None:
    """Something is broken every 20 s; one worker is left alone, so that it grows old."""
    old = arena.crew.workers[0]
    looks: list[tuple[float, int]] = []
    while arena.going_on():
        what = arena.rng.choice(list(TROUBLES))
        TROUBLES[what](arena)
        arena.back_at_work(what)
        arena.count(what)
        arena.wait(min(EVERY_S, max(arena.left_s(), 0)))
        looks.append(_usage(old))
    _flat(arena, looks)


def _kill(arena: Arena) -> None:
    arena.crew.kill(arena.crew.workers[1])


def _broker(act: broker.Act) -> Callable[[Arena], None]:
    def run(arena: Arena) -> None:
        assert isinstance(arena.kafka, KafkaBroker)
        act(arena, arena.kafka)

    return run


TROUBLES: dict[str, Callable[[Arena], None]] = {
    "kills of a worker": _kill,
    "kills of Redis": store.kill,
    "times full": store.fill,
    "times cut off": store.cut_off,
    "kills of the broker": _broker(broker.kill),
    "freezes of the broker": _broker(broker.freeze),
}


def _usage(worker: Worker) -> tuple[float, int]:
    """Resident memory in MB, open files."""
    place = Path("/proc") / str(worker.process.pid)
    pages = int((place / "statm").read_text().split()[1])
    megabytes = pages * os.sysconf("SC_PAGE_SIZE") / 1e6
    return megabytes, len(list((place / "fd").iterdir()))


def _flat(arena: Arena, looks: list[tuple[float, int]]) -> None:
    if len(looks) < 6:
        return  # too short to tell
    third = len(looks) // 3
    (mb_then, files_then), (mb_now, files_now) = max(looks[:third]), looks[-1]
    arena.count("at the end, MB", round(mb_now))
    if mb_now > mb_then * GROWTH + SLACK_MB:
        arena.wrong.append(f"memory grew from {mb_then:.0f} to {mb_now:.0f} MB")
    if files_now > files_then + SLACK_FILES:
        arena.wrong.append(f"open files grew from {files_then} to {files_now}")


FAULTS = [
    Fault(
        "soak",
        "half load, and something every 20 s",
        soak,
        full_s=1_200,
        stage=Stage(rate=500, customers=20_000),
    )
]
