"""A long time at half load, with one trouble after the other; memory and files stay flat."""

from collections.abc import Callable

from tests.brokers.kafka_broker import KafkaBroker
from tests.faults.breaks import broker, store
from tests.faults.breaks.fault import Fault, Stage
from tests.faults.stage.arena import Arena

EVERY_S = 20.0
KILLS = "kills of a worker"
SMALL_CACHE = {"TOUCHLINE_CACHE_PROFILES": "500"}
"""So few that they are there in the first part of a run: what grows then is no cache."""


def soak(arena: Arena) -> None:
    """Something is broken every 20 s; one worker is left alone, so that it grows old."""
    while arena.going_on():
        what = arena.rng.choice(list(TROUBLES))
        TROUBLES[what](arena)
        arena.back_at_work(what)
        if what != KILLS:  # those the crew counts
            arena.count(what)
        arena.wait(min(EVERY_S, max(arena.left_s(), 0)))


def _kill(arena: Arena) -> None:
    arena.crew.kill(arena.crew.workers[1])


def _broker(act: broker.Act) -> Callable[[Arena], None]:
    def run(arena: Arena) -> None:
        assert isinstance(arena.kafka, KafkaBroker)
        act(arena, arena.kafka)

    return run


TROUBLES: dict[str, Callable[[Arena], None]] = {
    KILLS: _kill,
    "kills of Redis": store.kill,
    "times full": store.fill,
    "times cut off": store.cut_off,
    "kills of the broker": _broker(broker.kill),
    "freezes of the broker": _broker(broker.freeze),
}


FAULTS = [
    Fault(
        "soak",
        "half load, and something every 20 s",
        soak,
        full_s=1_200,
        stage=Stage(rate=500, customers=20_000, flat=True, settings=SMALL_CACHE),
    )
]
