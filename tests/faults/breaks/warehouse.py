"""The warehouse's writer beside the workers: killed, without room, slow, and without its place."""

import random
import shutil
import time
from collections.abc import Callable, Sequence
from pathlib import Path

from connectors.kafka.reader import PREFETCH_KB
from tests.faults.breaks.fault import Fault, Stage
from tests.faults.laws.memory import FEWEST, grew
from tests.faults.stage.arena import Arena
from tests.faults.stage.small_disk import why_not
from tests.faults.stage.writer import Warehouse, Writer

LIVES_S = (0.2, 6.0)
"""How long a life lasts from its start: some end before the first commit, some after many."""
PATIENCE_S = 12.0
"""How long a life that is to end at a named point may last; then it is ended from outside."""
MOST_LEFT = 60_000
"""Bytes that a full disk may have left: room for nothing, for a file of rows, or for half of it."""


def kill(arena: Arena) -> None:
    """Killed and started again, and killed again a little later, be it before it is back at work.
    Half of the lives end at a named point of a write; what a life draws hangs on the seed and how
    many were before. It commits often, so that a kill at any time finds a commit half made."""
    writer, seed = _writer(arena), arena.rng.getrandbits(64)
    writer.dice = lambda life: random.Random(f"{seed} {life}")
    # The first life is at work already; it ends soon, so that there is a kill in any run.
    life, due = writer.lives, time.monotonic() + arena.rng.uniform(0.05, 1.5)
    while arena.going_on():
        arena.tend()
        if life != writer.lives:
            life = writer.lives
            alive_s = random.Random(f"{seed} {life} alive").uniform(*LIVES_S)
            due = time.monotonic() + (PATIENCE_S if writer.armed else alive_s)
        elif time.monotonic() >= due:
            writer.kill()
    writer.dice = None
    if writer.armed:
        writer.kill()
    arena.until(lambda: writer.died_at is None, "the warehouse is back at work")
    for point, times in writer.at_points.items():
        arena.count(f"at {point}", times)
    arena.count("kills of the warehouse", writer.kills)


def full(arena: Arena) -> None:
    """No room until the writer has said so and every shard has gone on; then there is room again,
    and it must go on by itself."""
    writer = _writer(arena)
    disk = writer.disk
    assert disk is not None, "the stage has no small disk"
    while arena.going_on():
        arena.wait(arena.rng.uniform(0.2, 2))
        complaints = writer.complaints()
        disk.fill(leave=arena.rng.randrange(MOST_LEFT))
        _waits(arena, complaints, "while its disk is full")
        arena.wait(arena.rng.uniform(0, 3))
        disk.free()
        _goes_on(arena, "its disk had room again")
        arena.count("fillings")


def slow(arena: Arena) -> None:
    """Each commit takes longer; the shards have a new commit again and again all the while."""
    writer = _writer(arena)
    before = writer.version() + writer.version("actions")
    while arena.going_on():
        arena.until(arena.all_commit(), "every shard commits beside a slow warehouse")
        arena.wait(0.5)
    arena.until(writer.new_commit(), "the slow warehouse commits once more")
    arena.count("slow commits", writer.version() + writer.version("actions") - before)


def away(arena: Arena) -> None:
    """For nearly all of the time its folder is not where it was. Either nothing is there, as when
    a volume is no longer mounted, or a file is in its way, so that not even a folder can be made.
    """
    writer = _writer(arena)
    arena.wait(arena.left_s() / 11)
    elsewhere = writer.place.with_name("elsewhere")
    in_the_way = arena.rng.random() < 0.5
    complaints = writer.complaints()
    writer.place.rename(elsewhere)
    if in_the_way:
        writer.place.write_text("in the way")
    _waits(arena, complaints, "while its folder is away")
    waits_from, rounds = len(writer.looks), 1
    while arena.going_on():
        arena.until(arena.all_commit(), "every shard commits while the warehouse is away")
        rounds += 1
        arena.wait(0.5)
    _waited_in_bounds(arena, writer.looks[waits_from:])
    _bring_back(writer.place, elsewhere)
    _goes_on(arena, "its folder came back")
    arena.count("outages")
    arena.count("at least, commits of every shard meanwhile", rounds)


def _writer(arena: Arena) -> Writer:
    assert arena.writer is not None, "the stage has no warehouse"
    return arena.writer


def _waits(arena: Arena, complaints: int, when: str) -> None:
    """The writer says that it waits, more often than `complaints`; every shard commits after."""
    writer = _writer(arena)
    arena.until(lambda: writer.complaints() > complaints, f"the warehouse says it waits {when}")
    arena.until(arena.all_commit(), f"every shard commits {when}")


def _waited_in_bounds(arena: Arena, looks: Sequence[float]) -> None:
    """Who waits reads nothing: only what librdkafka fetches ahead may come on top of the memory
    that it had when it began to wait."""
    if len(looks) <= FEWEST:
        return  # too short to tell
    if grown := grew(looks[:FEWEST], looks[FEWEST:], PREFETCH_KB / 1024):
        arena.wrong.append(f"a warehouse that waits stays bounded: {grown}")
    arena.count("at most, MB while it waited", round(max(looks)))


def _goes_on(arena: Arena, after: str) -> None:
    """There is a new commit; how long that took is noted."""
    took_s = arena.until(_writer(arena).new_commit(), f"the warehouse goes on after {after}")
    arena.recoveries.append(took_s)


def _bring_back(place: Path, elsewhere: Path) -> None:
    """What the writer may have made there meanwhile, a folder and a file without a commit, goes;
    as it tries again at any time, that may be more than once."""
    while True:
        if place.is_dir():
            shutil.rmtree(place, ignore_errors=True)
        else:
            place.unlink(missing_ok=True)
        try:
            elsewhere.rename(place)
        except OSError:
            continue  # it has just been made again
        return


Break = Callable[[Arena], None]


def _undisturbed(act: Break) -> Break:
    """... and at the end each worker is the process that it was at the beginning."""

    def run(arena: Arena) -> None:
        act(arena)
        for worker in arena.crew.workers:
            if worker.lives > 1 or worker.process.exit_code() is not None:
                arena.wrong.append(f"worker {worker.number} ended while the warehouse was broken")

    return run


OFTEN = Warehouse(every_s=0.1)

FAULTS = [
    Fault(
        "warehouse-kill",
        "kill -9 of the warehouse's writer, at random times and at named points of a write",
        _undisturbed(kill),
        full_s=300,
        quick_s=3,
        stage=Stage(warehouse=OFTEN),
        quick_stage=Stage(warehouse=OFTEN, partitions=4, processes=1),
    ),
    Fault(
        "warehouse-full",
        "the disk below the tables has no room left, and then has again",
        _undisturbed(full),
        full_s=120,
        stage=Stage(warehouse=Warehouse(disk_mb=192)),
        why_not=why_not,
    ),
    Fault(
        "warehouse-slow",
        "each commit of the warehouse takes 1 s more",
        _undisturbed(slow),
        full_s=120,
        stage=Stage(warehouse=Warehouse(slow_s=1.0)),
    ),
    Fault(
        "warehouse-away",
        "the warehouse's folder is away for 10 of 11 minutes",
        _undisturbed(away),
        full_s=660,
        stage=Stage(warehouse=Warehouse(), rate=500),
    ),
]
