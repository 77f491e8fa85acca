"""How many records lie in a topic: what its log holds now, not what ever was in it."""

from concurrent.futures import Future
from types import SimpleNamespace
from typing import Any

import pytest
from confluent_kafka.admin import OffsetSpec  # type: ignore[attr-defined]  # its module does not list it

import connectors.kafka.record_counts
from connectors.kafka.record_counts import record_counts
from connectors.kafka.topics import FoundTopic


class Broker:
    """Two partitions of which the first 30 and 40 records are behind their retention."""

    def list_offsets(self, asked: dict[Any, Any], **_: Any) -> dict[Any, Any]:
        found = {}
        for place, spec in asked.items():
            answer: Future[Any] = Future()
            begins = 30 + 10 * place.partition
            held = 0 if spec._value == OffsetSpec.earliest()._value else 5  # type: ignore[no-untyped-call]  # its stub leaves types out
            answer.set_result(SimpleNamespace(offset=begins + held))
            found[place] = answer
        return found


def test_what_retention_has_taken_is_not_counted(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(connectors.kafka.record_counts, "admin_client", lambda _: Broker())
    assert record_counts({}, [FoundTopic("t", "id", 2, None)]) == {"t": 10}
    assert record_counts({}, []) == {}
