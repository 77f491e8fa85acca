"""What `touchline customer` has from the warehouse, or why it has nothing."""

import json
import sys
import time
from pathlib import Path
from typing import Any

import pytest

import flows.commands.customer.history as history_module
from connectors.kafka.reader import Place
from connectors.published.records import action_record, enriched_record
from connectors.warehouse.delta import DeltaAppender
from connectors.warehouse.tables import DECISIONS, TOUCHPOINTS, Row, Table
from flows.commands.customer.history import AskedAction, Asking, History, Question, RaisedAlert
from flows.commands.customer.history_child import answers
from state.applied import Applied
from state.decision import Action
from state.touchpoint import Touchpoint

NOON_MS = 1_767_268_800_000
ALERT = {"alert": "big_order", "severity": "info", "message": "An order of 500", "key": "k"}


def touchpoint(number: int, customer: str = "ann", raw: Any = None) -> Row:
    """Number n happened n ms after noon and came a second later."""
    original = {"properties": {"price": number}} if raw is None else raw
    event = Touchpoint(
        f"t-{number}",
        b"",
        str(number),
        customer,
        "click",
        "track",
        "Product Viewed",
        NOON_MS + number,
        NOON_MS + number + 1_000,
        {},
        {},
        json.dumps(original).encode(),
    )
    value = enriched_record(event, {}, [], Applied(0, 0, number, 0), "v1")
    return TOUCHPOINTS.reader()(Place(TOUCHPOINTS.topic, 0), value)


def alert(number: int, action_id: str = "", kind: str = "alert.raised") -> Row:
    action = Action(action_id or f"a-{number}", kind, "m", ALERT)
    value = action_record("ann", action, NOON_MS + number, "v1", Applied(0, 0, number, 0))
    return DECISIONS.reader()(Place(DECISIONS.topic, 0), value)


def fill(folder: Path, table: Table, rows: list[Row]) -> None:
    appender = DeltaAppender(str(folder), table, "topic-id", 1)
    appender.positions()
    appender.append(rows, {0: len(rows)})


def asked(url: Path | str) -> History:
    """In this process, which a child's start would only make slower."""
    found = History(str(url))
    for part in answers(Question(str(url), "ann", 2, 2)):
        found.add(part)
    return found


def test_the_last_touchpoints_and_alerts_come_with_how_fresh_the_warehouse_is(
    tmp_path: Path,
) -> None:
    fill(tmp_path, TOUCHPOINTS, [*map(touchpoint, range(1, 4)), touchpoint(9, "bob")])
    fill(tmp_path, DECISIONS, [alert(1), alert(2, "a-1"), alert(3), alert(4, kind="other")])
    with Asking(Question(str(tmp_path), "ann", 2, 3), patience_s=60) as asking:
        found = asking.answer()
    assert found.missing is None
    assert found.touchpoints is not None
    assert [(t.at, t.id, t.event, t.properties) for t in found.touchpoints] == [
        (NOON_MS + 3, "t-3", "Product Viewed", {"price": 3}),
        (NOON_MS + 2, "t-2", "Product Viewed", {"price": 2}),
    ]
    assert found.as_of == NOON_MS + 9 + 1_000
    assert found.alerts == [
        RaisedAlert(NOON_MS + at, "big_order", "info", "An order of 500", "k") for at in (3, 2)
    ]


def test_an_empty_warehouse_and_an_event_without_properties_are_no_trouble(
    tmp_path: Path,
) -> None:
    fill(tmp_path, TOUCHPOINTS, [])
    empty = asked(tmp_path)
    assert (empty.missing, empty.as_of, empty.touchpoints, empty.alerts) == (None, None, [], [])
    fill(tmp_path, TOUCHPOINTS, [touchpoint(1, raw={}), touchpoint(2, raw={"properties": None})])
    found = asked(tmp_path)
    assert found.touchpoints is not None
    assert [each.properties for each in found.touchpoints] == [{}, {}]


def test_no_warehouse_no_table_and_a_damaged_one_are_each_said(tmp_path: Path) -> None:
    absent = asked(tmp_path / "none").missing or ""
    assert absent.startswith(f"{tmp_path / 'none'}: no such folder; ")
    assert "--warehouse-url" in absent
    assert "no table there yet" in (asked(tmp_path).missing or "")
    (tmp_path / "touchpoints").mkdir()
    assert "expected a Delta table" in (asked(tmp_path).missing or "")
    assert "object store" in (asked("s3://bucket/tables").missing or "")


def test_what_others_were_asked_for_comes_once_each_the_newest_first(tmp_path: Path) -> None:
    fill(tmp_path, TOUCHPOINTS, [touchpoint(1)])
    rows = [alert(1), alert(2, "a", "log"), alert(3, "b", "webhook"), alert(4, "b", "webhook")]
    fill(tmp_path, DECISIONS, [*rows, alert(5, kind="segment.entered")])
    found = asked(tmp_path)
    assert found.actions == [
        AskedAction(NOON_MS + 4, "webhook", ALERT),
        AskedAction(NOON_MS + 2, "log", ALERT),
    ]
    assert found.alerts is not None
    assert len(found.alerts) == 1


def child(monkeypatch: pytest.MonkeyPatch, code: str) -> None:
    monkeypatch.setattr(history_module, "CHILD", (sys.executable, "-c", code))


def test_a_warehouse_that_does_not_answer_is_not_waited_for_and_what_came_is_kept(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    told = tmp_path / "told"
    code = f"""
import pathlib, signal
print('{{"as_of":5,"touchpoints":[]}}', flush=True)
print('{{"alerts":', end="", flush=True)
pathlib.Path({str(told)!r}).touch()
signal.pause()
"""
    child(monkeypatch, code)
    with Asking(Question("w", "ann", 1, 1), patience_s=0) as asking:
        deadline = time.monotonic() + 20
        while not told.exists():
            assert time.monotonic() < deadline
            time.sleep(0.02)
        found = asking.answer()
    assert found.missing == "w: no answer within 0 s; ask again later"
    assert (found.as_of, found.touchpoints, found.alerts) == (5, [], None)


@pytest.mark.parametrize(
    ("code", "why"),
    [
        ("import sys; sys.exit('no luck today')", "w: asking it failed (no luck today)"),
        ("pass", "w: asking it failed (no reason given)"),
    ],
)
def test_a_child_that_dies_is_said(monkeypatch: pytest.MonkeyPatch, code: str, why: str) -> None:
    child(monkeypatch, code)
    with Asking(Question("w", "ann", 1, 1)) as asking:
        assert asking.answer().missing == why
