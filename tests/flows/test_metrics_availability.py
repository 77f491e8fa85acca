"""Outages are counted once each, and as long as they last."""

from collections.abc import Callable

import pytest

from flows.metrics.availability import Availability
from flows.metrics.meter import Meter


class Server:
    """The availability of Redis, on a clock that is set by hand."""

    def __init__(self) -> None:
        self.now_s = 100.0
        self.meter = Meter()
        self.availability = Availability(self.meter, "redis", lambda: self.now_s)

    def shown(self) -> tuple[float, float, float]:
        """Up, outages, seconds."""
        names = ("up", "outages_total", "outage_seconds_total")
        up, outages, seconds = (self.meter.value(f"touchline_redis_{name}") for name in names)
        return up, outages, seconds


def test_an_outage_is_one_however_often_it_is_told_and_lasts_until_it_is_over() -> None:
    server = Server()
    server.availability.tell(True)
    server.now_s += 50
    server.availability.tell(False)
    server.now_s += 2
    server.availability.tell(False)
    assert server.shown() == (0, 1, 2)
    server.now_s += 3
    server.availability.tell(True)
    assert server.shown() == (1, 1, 5)
    server.now_s += 50
    server.availability.tell(False)
    assert server.shown() == (0, 2, 5)


def test_the_seconds_grow_while_it_lasts_and_only_then() -> None:
    server = Server()
    server.now_s += 10
    server.availability.look()
    assert server.shown() == (0, 0, 0), "not known to be away"
    server.availability.tell(False)
    for seconds in (1, 2, 3):
        server.now_s += 1
        server.availability.look()
        assert server.shown() == (0, 1, seconds)
    server.availability.tell(True)
    server.now_s += 10
    server.availability.look()
    assert server.shown() == (1, 1, 3)


def answering(answer: str | Exception) -> Callable[[], str]:
    def ask() -> str:
        if isinstance(answer, Exception):
            raise answer
        return answer

    return ask


def test_a_question_tells_whether_the_server_is_there() -> None:
    server = Server()
    away = (ConnectionError,)
    with pytest.raises(ConnectionError):
        server.availability.asked(answering(ConnectionError()), away)()
    assert server.shown() == (0, 1, 0)
    assert server.availability.asked(answering("here"), away)() == "here"
    assert server.shown() == (1, 1, 0)
    with pytest.raises(ValueError, match="another matter"):
        server.availability.asked(answering(ValueError("another matter")), away)()
    assert server.shown() == (1, 1, 0)
