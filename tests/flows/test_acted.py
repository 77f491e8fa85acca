"""Which actions lie in their topic already."""

import pytest
from confluent_kafka import Producer
from msgspec import structs

from connectors.kafka.topics import ACTIONS
from connectors.published.records import action_record
from flows.processor.acted import Acted, newest_actions
from flows.processor.commit import leave_out_published
from state.applied import Applied
from state.decision import Action
from state.outbox import ForwardEntry
from tests.flows.one_flush import flush_of


def record(id_: str, place: tuple[int, int, int]) -> bytes:
    action = Action(id=id_, kind="alert.raised", caused_by="m", body={"alert": "a"})
    return action_record("ann", action, 1_000, "v", Applied(1, *place))


def test_an_action_lies_there_by_its_place_or_by_its_id() -> None:
    acted = Acted((1, 5, 2), {"seen"})
    assert acted.holds((1, 5, 2), record("other", (1, 5, 2)))
    assert acted.holds((0, 9, 9), record("other", (0, 9, 9)))
    assert not acted.holds((1, 5, 3), record("other", (1, 5, 3)))
    assert acted.holds((1, 6, 0), record("seen", (1, 6, 0)))


def test_nothing_lies_in_an_empty_topic() -> None:
    assert not Acted().holds((0, 0, 0), record("first", (0, 0, 0)))


def test_the_highest_place_counts_also_where_late_work_of_another_owner_lies_behind_it(
    mock_cluster: str,
) -> None:
    producer = Producer({"bootstrap.servers": mock_cluster})
    for id_, place in (("a", (0, 7, 0)), ("b", (0, 7, 1)), ("c", (0, 3, 0))):
        producer.produce(ACTIONS, record(id_, place), "ann", partition=1)
    producer.produce(ACTIONS, b"somebody else's", "ann", partition=1)
    assert producer.flush(10) == 0
    found = newest_actions({"bootstrap.servers": mock_cluster}, [0, 1])
    assert found == {1: Acted((0, 7, 1), {"a", "b", "c"})}


@pytest.mark.parametrize(
    ("latest", "there"),
    [
        ((0, 5), False),
        ((0, 6), False),
        ((0, 7), True),
        ((1, 6), False),
        ((1, 7), True),
    ],
    ids=[
        *("the last plan", "the one before the last", "two lie behind it"),
        *("a generation began behind it, so nothing has waited", "and went on"),
    ],
)
def test_all_of_a_flush_is_published_once_the_plan_after_the_next_is_in_the_log(
    latest: tuple[int, int], there: bool
) -> None:
    _, part = flush_of(1_000)
    part.plan = structs.replace(part.plan, generation=0, commit=5)
    part.shard.log_latest, part.shard.acted = latest, Acted()
    part.actions = [("ann", record("a", (0, 5, 0)))]
    part.forwards = [ForwardEntry(3, None, b"{}", [])]
    leave_out_published(part)
    assert (part.actions == [], part.forwards == []) == (there, there)


def test_of_the_last_flushes_only_the_actions_that_lie_there_are_left_out() -> None:
    _, part = flush_of(1_000)
    part.plan = structs.replace(part.plan, generation=0, commit=5)
    part.shard.log_latest, part.shard.acted = (0, 6), Acted((0, 5, 0), {"c"})
    part.actions = [("ann", record(id_, (0, 5, at))) for at, id_ in enumerate("abc")]
    part.forwards = [ForwardEntry(3, None, b"{}", [])]
    leave_out_published(part)
    assert part.actions == [("ann", record("b", (0, 5, 1)))]
    assert len(part.forwards) == 1
