"""A process that is told to stop finishes the flush at hand and leaves nothing to be repeated."""

import signal
import time

import pytest
from msgspec import structs

from tests.faults.laws.judge import REPEATS
from tests.faults.watching import until
from tests.faults.world import World, check, ended

EVENTS = 600
BEGUN = [("embedded", 100), ("embedded", 200), ("embedded", 300), ("real", 200)]


@pytest.mark.parametrize(("world", "begun"), BEGUN, indirect=["world"])
def test_a_stop_in_the_middle_of_the_work_repeats_nothing(world: World, begun: int) -> None:
    world = structs.replace(world, flush_events=10)
    produced = world.fill(EVENTS, int(time.time() * 1000))
    child = world.start("never", 1, produced + 1)
    until(lambda: world.accounted() > begun, "a part is done")
    child.send_signal(signal.SIGTERM)
    said = ended(child)
    assert child.returncode == 0, said
    assert begun < world.accounted() < produced
    assert world.outbox() == 0
    assert world.run("never", 1, produced) == 0
    assert check(world, produced) == dict.fromkeys(REPEATS, 0)
