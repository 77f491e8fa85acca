"""Reading the plan log of a broker that answers as Kafka does: to its end, or not at all."""

import socket

import pytest
from confluent_kafka import Producer

from connectors.kafka.errors import LogTruncated
from connectors.kafka.plan_log import POLL_S, NoPlan, PlanLogUnreadable, read_plans
from connectors.kafka.topics import ENRICHED
from state.fence import Plan, Range, encode_plan

PLANS = [Plan(commit, 0, {"t": Range(0, 5, 5)}, 1_000, "p", "b", 42) for commit in (1, 2, 3)]


def publish(servers: str, *records: tuple[str | None, bytes]) -> None:
    """Into partition 1 of the enriched topic: (key, value) each."""
    producer = Producer({"bootstrap.servers": servers})
    for key, value in records:
        producer.produce(ENRICHED, value, key, partition=1)
    assert producer.flush(10) == 0


def test_plans_are_read_from_the_given_offset_to_the_end_and_rows_are_left_out(
    mock_cluster: str,
) -> None:
    rows = [("ann", b"{}")]
    publish(mock_cluster, *[(None, encode_plan(plan)) for plan in PLANS[:2]], *rows)
    publish(mock_cluster, (None, encode_plan(PLANS[2])), *rows)
    log = read_plans({"bootstrap.servers": mock_cluster}, {1: 1}, lambda: False)[1]
    assert (log.plans, log.end) == (PLANS[1:], 5)


def test_a_log_that_ends_before_what_was_acknowledged_is_refused(mock_cluster: str) -> None:
    publish(mock_cluster, *[(None, encode_plan(plan)) for plan in PLANS])
    with pytest.raises(LogTruncated, match=r"expected offset 5000, .* got a log that ends at 3"):
        read_plans({"bootstrap.servers": mock_cluster}, {1: 5_000}, lambda: False)


def test_a_record_without_a_key_that_is_no_plan_is_named_with_its_place(mock_cluster: str) -> None:
    publish(mock_cluster, ("ann", b"{}"), (None, b"somebody else's"))
    with pytest.raises(NoPlan, match=r"touchpoints\.enriched\[1\] at offset 1: expected a plan"):
        read_plans({"bootstrap.servers": mock_cluster}, {1: 0}, lambda: False)


def test_a_broker_that_says_nothing_is_not_waited_for_by_who_is_told_to_stop() -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        config = {"bootstrap.servers": f"127.0.0.1:{silent.getsockname()[1]}"}
        with pytest.raises(PlanLogUnreadable, match=rf"gave no answer in {POLL_S} s"):
            read_plans(config, {1: 0}, lambda: True)


def test_a_long_log_is_read_in_pieces_and_each_says_what_comes_after_it(mock_cluster: str) -> None:
    records = [(None, encode_plan(PLANS[0])), (None, encode_plan(PLANS[0])), ("ann", b"{}")]
    records += [(None, encode_plan(PLANS[1])), ("ann", b"{}"), (None, encode_plan(PLANS[2]))]
    publish(mock_cluster, *records)
    config = {"bootstrap.servers": mock_cluster}
    first = read_plans(config, {1: 0}, lambda: False, most=1)[1]
    assert (first.plans, first.end) == ([PLANS[0], PLANS[0]], 3)
    assert (first.whole, first.latest) == (False, (0, 2))
    second = read_plans(config, {1: first.end}, lambda: False, most=1)[1]
    assert (second.plans, second.end, second.whole) == ([PLANS[1]], 5, False)
    third = read_plans(config, {1: second.end}, lambda: False, most=1)[1]
    assert (third.plans, third.end) == ([PLANS[2]], 6)
    assert (third.whole, third.latest) == (True, (0, 3))
