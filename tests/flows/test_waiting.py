"""A service that is away is waited for: named, at growing intervals, and only as long as wanted."""

import logging
import threading
from typing import cast

import pytest
from confluent_kafka import KafkaError, KafkaException

from flows.waiting import FIRST_S, MOST_S, ServiceAbsent, wait_for


class Stop:
    """Stands in for a threading.Event: notes how long it was waited, and is set after so often."""

    def __init__(self, after: int) -> None:
        self.waits: list[float] = []
        self._after = after

    def is_set(self) -> bool:
        return len(self.waits) >= self._after

    def wait(self, seconds: float) -> bool:
        self.waits.append(seconds)
        return self.is_set()

    @property
    def event(self) -> threading.Event:
        return cast(threading.Event, self)


class Service:
    """Answers from the `nth` call on."""

    def __init__(self, nth: int) -> None:
        self.calls = 0
        self._nth = nth

    def __call__(self) -> str:
        self.calls += 1
        if self.calls < self._nth:
            raise ConnectionError("nobody there")
        return "found"


def test_a_service_that_comes_later_is_found_and_each_failure_is_told(
    caplog: pytest.LogCaptureFixture,
) -> None:
    stop = Stop(99)
    with caplog.at_level(logging.WARNING):
        found = wait_for("Kafka at there:1", Service(4), (ConnectionError,), stop.event)
    assert found == "found"
    assert len(caplog.messages) == 3
    assert all(
        message.startswith("Kafka at there:1 does not answer: nobody there; trying again in ")
        for message in caplog.messages
    )


def test_the_intervals_double_up_to_a_bound() -> None:
    stop = Stop(8)
    assert wait_for("it", Service(99), (ConnectionError,), stop.event) is None
    assert stop.waits == [min(FIRST_S * 2**n, MOST_S) for n in range(8)]
    assert stop.waits[-1] == MOST_S


def test_who_is_told_to_stop_asks_no_more() -> None:
    service = Service(1)
    assert wait_for("it", service, (ConnectionError,), Stop(0).event) is None
    assert service.calls == 0


def test_who_must_not_wait_asks_once() -> None:
    service = Service(2)
    with pytest.raises(ServiceAbsent, match="Redis at there:2 does not answer: nobody there"):
        wait_for("Redis at there:2", service, (ConnectionError,), Stop(9).event, fail_fast=True)
    assert service.calls == 1


def test_an_error_of_kafka_is_told_in_its_own_words(caplog: pytest.LogCaptureFixture) -> None:
    def attempt() -> None:
        raise KafkaException(KafkaError(KafkaError._ALL_BROKERS_DOWN))

    with caplog.at_level(logging.WARNING):
        wait_for("Kafka", attempt, (KafkaException,), Stop(1).event)
    words = KafkaError(KafkaError._ALL_BROKERS_DOWN).str()
    assert f"Kafka does not answer: {words}; trying" in caplog.text


def test_another_error_is_none_of_its_business() -> None:
    with pytest.raises(ConnectionError):
        wait_for("it", Service(2), (TimeoutError,), Stop(9).event)
