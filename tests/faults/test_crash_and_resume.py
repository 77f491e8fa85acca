"""A kill -9 at each numbered step of the commit protocol changes nothing about the result."""

import time

import pytest

from tests.faults.conftest import on_all_servers
from tests.faults.failpoints import POINTS
from tests.faults.laws.judge import REPEATS
from tests.faults.world import MIXED, World, check

EVENTS = 600

AT_REAL_SERVERS = (
    "0 plan log read",
    "1 plan fixed",
    "3 half produced",
    "4 commit sent",
    "5 half published",
    "5 half forwarded",
)
"""One kill for each way in which a step can be left; the others look the same to a server."""

KILLS = [
    *(("embedded", point) for point in POINTS),
    *(("real", point) for point in AT_REAL_SERVERS),
]


@on_all_servers
def test_a_run_that_is_never_disturbed_repeats_nothing(world: World) -> None:
    produced = world.fill(EVENTS, int(time.time() * 1000))
    assert world.run("never", 1, produced) == 0
    assert check(world, produced) == dict.fromkeys(REPEATS, 0)


@pytest.mark.parametrize(("world", "point"), KILLS, indirect=["world"])
def test_a_kill_at_any_step_loses_nothing_and_applies_nothing_twice(
    world: World, point: str
) -> None:
    produced = world.fill(EVENTS, int(time.time() * 1000), producers=MIXED)
    nth = {"0 taken": 2, "1 plan sent": 3, "5 trimmed": 1}.get(point, 9)
    if point == "0 plan log read":
        assert world.run("1 plan fixed", 9, produced) == -9
        nth = 1
    assert world.run(point, nth, produced) == -9
    assert world.run("never", 1, produced) == 0
    repeats = check(world, produced)
    if point == "5 half forwarded":
        assert repeats["forwarded"] > 0


def test_who_dies_when_a_flush_is_acknowledged_leaves_one_that_is_begun(world: World) -> None:
    """Also the last one: what is waited for at the end, when all is done, is no flush."""
    produced = world.fill(60, int(time.time() * 1000))
    while world.run("3 acknowledged", 2, produced) == -9:
        assert any(fence.plan for fence in world.fences().values())
    check(world, produced)
