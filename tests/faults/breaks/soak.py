"""A long time at half load, with one trouble after the other; memory and files stay flat."""

from collections.abc import Callable
from pathlib import Path

from tests.brokers.kafka_broker import KafkaBroker
from tests.faults.breaks import broker, store
from tests.faults.breaks.fault import Fault, Stage
from tests.faults.laws.memory import FEWEST, grew
from tests.faults.stage.arena import Arena
from tests.faults.stage.crew import Worker
from tests.faults.stage.writer import resident_mb

EVERY_S = 20.0
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
    pid = worker.process.pid
    return resident_mb(pid), len(list(Path(f"/proc/{pid}/fd").iterdir()))


def _flat(arena: Arena, looks: list[tuple[float, int]]) -> None:
    if len(looks) < FEWEST:
        return  # too short to tell
    third = len(looks) // 3
    (mb_then, files_then), (mb_now, files_now) = max(looks[:third]), looks[-1]
    arena.count("at the end, MB", round(mb_now))
    if grown := grew([mb_then], [mb_now]):
        arena.wrong.append(grown)
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
