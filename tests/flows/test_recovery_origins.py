"""Which forwarded events a shard has had that is to begin anew."""

from types import SimpleNamespace
from typing import Any

import pytest

from connectors.kafka.forwarding import forward_entry
from connectors.kafka.topics import FORWARD
from flows.recovery import origins
from flows.recovery.origins import seen_origins
from flows.settings import Settings

CLICK = "touchpoints.click"
IDS = {CLICK: "c", FORWARD: "f"}
SENDER, SHARD = 2, 1


def record(topic: str, partition: int, offset: int, **more: Any) -> Any:
    """As a consumer gives it."""
    fields = {"value": b"{}", "headers": None, "key": b"ann", "timestamp": (1, 5), **more}
    told = {"topic": topic, "partition": partition, "offset": offset, **fields}
    return SimpleNamespace(**{name: lambda value=value: value for name, value in told.items()})


def lying(*offsets: int) -> list[Any]:
    """The forward topic's partition SHARD: what was sent there of these offsets of its sender."""
    entries = [forward_entry(record(CLICK, SENDER, at), IDS[CLICK], SHARD) for at in offsets]
    return [
        record(FORWARD, SHARD, at, value=entry.value, headers=entry.headers)
        for at, entry in enumerate(entries)
    ]


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    """What was asked to be read; there lie two batches, and something that nobody forwarded."""
    starts: list[Any] = []
    batches = [lying(7, 9), [*lying(7, 9, 30)[2:], record(FORWARD, SHARD, 3)]]

    def to_end(_config: Any, of: Any) -> Any:
        starts.append(of)
        return SimpleNamespace(batches=lambda: iter(batches))

    monkeypatch.setattr(origins, "ToEnd", to_end)
    return starts


@pytest.mark.parametrize(("begins", "new"), [(1, 8), (2, 10), (4, 31)])
def test_what_lies_before_the_beginning_has_come_and_what_lies_behind_it_has_not(
    asked: list[Any], begins: int, new: int
) -> None:
    positions = {SHARD: {CLICK: 0, FORWARD: begins}, 0: {CLICK: 5, FORWARD: 0}}
    found = seen_origins(Settings(), IDS, positions, lambda: False)
    assert found == {SHARD: {f"c:{SENDER}": new}, 0: {}}
    assert asked == [{(FORWARD, SHARD): 0}], "nothing is read where all comes again"


def test_who_is_told_to_stop_reads_no_further(asked: list[Any]) -> None:
    answers = iter([False, True])
    positions = {SHARD: {CLICK: 0, FORWARD: 4}}
    assert seen_origins(Settings(), IDS, positions, lambda: next(answers)) is None
    assert asked
