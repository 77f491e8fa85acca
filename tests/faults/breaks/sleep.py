"""SIGSTOP: an owner sleeps, another takes its shards over, and the sleeper wakes up."""

from tests.faults.breaks.fault import Fault
from tests.faults.stage.arena import Arena
from tests.faults.stage.crew import Worker, said, until_ready

LONG_S = 60.0
"""The first sleep, where a run has the time for it: longer than any session, request or patience of
ours but those that wait for a broker."""
FENCED = 3
"""The exit code of a worker whose shards have all been taken by others."""


def sleeper(arena: Arena) -> None:
    """The sleeper finds every shard taken, leaves them alone and ends, whatever it was about."""
    long_s = LONG_S if arena.left_s() > LONG_S + 15 else 0.0
    while arena.going_on():
        arena.wait(arena.rng.uniform(0.1, 1.0))
        old = arena.rng.choice(arena.crew.workers)
        old.revived = False
        arena.crew.freeze(old)
        new = arena.crew.add(old.number, old.of)
        until_ready(new.process)
        arena.back_at_work("an owner fell asleep")
        arena.wait(long_s)
        long_s = 0.0
        arena.crew.thaw(old)
        code = _end(arena, old)
        refused = said(old.process, "taken by")
        if code != FENCED or not refused:
            arena.wrong.append(f"{old.process.name} woke up, was not refused, ended with {code}")
        arena.count("sleepers refused", int(refused))
        arena.crew.workers.remove(old)


def _end(arena: Arena, sleeper: Worker) -> int | None:
    """Its exit code, once it has ended."""
    arena.until(lambda: sleeper.process.exit_code() is not None, "the sleeper ends")
    return sleeper.process.exit_code()


FAULTS = [
    Fault(
        "sleeping-owner",
        "SIGSTOP of a worker, once for 60 s, another takes its shards, SIGCONT",
        sleeper,
        full_s=120,
        quick_s=8,
    )
]
