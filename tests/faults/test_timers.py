"""What time alone brings about comes once and at its time, whatever happens to the process."""

import time
from collections import defaultdict
from datetime import timedelta
from itertools import pairwise

import pytest
from msgspec import structs

from connectors.kafka.topics import ACTIONS
from connectors.published.record_types import ActionRecord, read_action
from tests.faults.conftest import on_all_servers
from tests.faults.world import ROOT, World, check, read_once

EVENTS = 400
TIMELY = ROOT / "tests/faults/timely.yaml"


def act(world: World) -> World:
    return structs.replace(world, playbook=TIMELY)


def moves(world: World) -> dict[tuple[str, str], list[ActionRecord]]:
    """(customer, segment) → its entries and exits, as a reader takes them."""
    actions = [(logged, read_action(logged.value)) for logged in world.log(ACTIONS)]
    taken = read_once([(logged, action.applied) for logged, action in actions])
    found = defaultdict(list)
    for action in [read_action(logged.value) for logged in taken]:
        if action.kind.startswith("segment."):
            found[action.customer_id, action.body["segment"]].append(action)
    return found


def of_kind(world: World, kind: str) -> list[ActionRecord]:
    """Those actions, as a reader takes them."""
    actions = [(logged, read_action(logged.value)) for logged in world.log(ACTIONS)]
    taken = read_once([(logged, action.applied) for logged, action in actions])
    return [
        action
        for action in map(read_action, (logged.value for logged in taken))
        if action.kind == kind
    ]


def hold(world: World, produced: int) -> None:
    """The laws; and each customer came, went after four seconds, and came to rest."""
    check(world, produced)
    found = moves(world)
    customers = {customer for customer, _ in found}
    assert len(customers) > 20
    for customer in customers:
        last = max(a.decided_at for a in found[customer, "here"] if a.kind == "segment.entered")
        here, gone = found[customer, "here"][-1], found[customer, "gone"][-1]
        assert (here.kind, gone.kind) == ("segment.exited", "segment.entered")
        assert (here.caused_by, gone.caused_by) == ("time:segment.here", "time:segment.gone")
        assert gone.decided_at - here.decided_at == timedelta(seconds=1)
        assert gone.decided_at > last
        passing = found[customer, "just_gone"][-1]
        assert passing.kind == "segment.exited"
        assert passing.decided_at - gone.decided_at == timedelta(seconds=1)
    begun, over, logged = (of_kind(world, k) for k in ("journey.started", "journey.ended", "log"))
    assert len(begun) > 30
    assert sorted(run.body["key"] for run in begun) == sorted(run.body["key"] for run in over)
    assert {run.body["reason"] for run in over} <= {"finished", "dropped"}
    assert len(begun) <= len(logged) <= 2 * len(begun)
    assert of_kind(world, "alert.raised")
    for actions in found.values():
        for one, next_ in pairwise(actions):
            assert one.kind != next_.kind
            assert one.decided_at <= next_.decided_at


@on_all_servers
def test_a_segment_is_left_by_time_alone_and_at_its_time(world: World) -> None:
    world = act(world)
    produced = world.fill(EVENTS, int(time.time() * 1000) - 1_000)
    assert world.run("never", 1, produced, LINGER="1") == 0
    hold(world, produced)


@pytest.mark.parametrize("world", ["embedded"], indirect=True)
@pytest.mark.parametrize(
    ("point", "nth"),
    [
        ("1 plan fixed", 60),
        ("2 decided", 45),
        ("3 plan produced", 45),
        ("3 acknowledged", 30),
        ("4 commit sent", 45),
        ("4 committed", 45),
        ("5 half published", 30),
    ],
)
def test_a_kill_at_any_step_fires_nothing_twice_and_forgets_nothing(
    world: World, point: str, nth: int
) -> None:
    world = act(world)
    produced = world.fill(EVENTS, int(time.time() * 1000) - 1_000)
    assert world.run(point, nth, produced, LINGER="1") == -9
    time.sleep(2)  # what is due meanwhile comes late, and as if the flow had been there
    assert world.run("never", 1, produced, LINGER="1") == 0
    hold(world, produced)
