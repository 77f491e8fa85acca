"""Where an event is counted, told to the ledger without a broker."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from connectors.warehouse.ledger import Ledger, Line, Produced
from connectors.warehouse.snapshot import snapshot
from connectors.warehouse.tables import TOUCHPOINTS
from tests.connectors.warehouse_samples import NOON_MS, event, store

CLICK = ("touchpoints.click", 0)
HOUR_MS = NOON_MS - NOON_MS % 3_600_000
WHOLE = {CLICK: True}
NUMBERS = Line._fields[3:]


@pytest.fixture
def ledger() -> Iterator[Ledger]:
    made = Ledger()
    yield made
    made.close()


def produced(offset: int, name: str | None, at_ms: int = NOON_MS) -> Produced:
    return Produced(*CLICK, offset, at_ms, name)


def counted(ledger: Ledger, whole: dict[tuple[str, int], bool] = WHOLE) -> dict[str, int]:
    """The only line's numbers that are not 0."""
    (line,) = ledger.lines(whole)
    assert line[:3] == (*CLICK, HOUR_MS)
    return {name: getattr(line, name) for name in NUMBERS if getattr(line, name)}


def test_each_event_is_counted_once_where_it_is(ledger: Ledger, tmp_path: Path) -> None:
    store(tmp_path, [event(1, event_id="row"), event(2, event_id="other")])
    ledger.set_rows(snapshot(str(tmp_path), TOUCHPOINTS))
    names = ["row", "row", "dead", None, "lost", "tail", "late", "other", None]
    ledger.add_produced([produced(offset, name) for offset, name in enumerate(names)])
    ledger.add_dead([(*CLICK, 2), (*CLICK, 3), (*CLICK, 3)])
    ledger.add_tail(["tail"])
    ledger.set_processed([(*CLICK, 6)])
    assert counted(ledger) == {
        "produced": 9,
        "rows": 2,
        "repeats": 1,
        "dead_letters": 2,
        "waiting": 3,
        "missing": 1,
    }


def test_what_is_on_its_way_to_another_partition_waits_until_it_has_a_row_there(
    ledger: Ledger, tmp_path: Path
) -> None:
    store(tmp_path, [event(1, event_id="row")])
    wrong = ("touchpoints.click", 3)
    names = ("row", "sent", "sent")
    ledger.add_produced([Produced(*wrong, n, NOON_MS, name) for n, name in enumerate(names)])
    ledger.set_processed([(*wrong, 3)])
    ledger.add_forwarded([(*wrong, 0), (*wrong, 1), (*wrong, 1), (*wrong, 2)])
    whole = {CLICK: True, wrong: True}
    (line,) = ledger.lines(whole)
    assert (line.partition, line.produced, line.waiting, line.differs) == (3, 3, 3, False)
    ledger.set_rows(snapshot(str(tmp_path), TOUCHPOINTS))
    (line,) = ledger.lines(whole)
    assert (line.rows, line.waiting, line.differs) == (1, 2, False)
    ledger.forget_whereabouts()
    ledger.set_processed([(*wrong, 3)])
    (line,) = ledger.lines(whole)
    assert (line.waiting, line.missing) == (0, 3)


def test_an_event_that_came_after_the_others_were_counted_only_explains_its_row(
    ledger: Ledger, tmp_path: Path
) -> None:
    store(tmp_path, [event(1, event_id="a"), event(2, event_id="b")])
    ledger.set_rows(snapshot(str(tmp_path), TOUCHPOINTS))
    ledger.add_produced([produced(0, "a")])
    assert counted(ledger) == {"produced": 1, "rows": 1, "unknown": 1}
    ledger.add_produced([produced(1, "b")], later=True)
    assert counted(ledger) == {"produced": 1, "rows": 1}


def test_a_repeat_that_the_profile_had_forgotten_may_have_a_row_of_its_own(
    ledger: Ledger, tmp_path: Path
) -> None:
    """With another place; the same place twice is a row doubled."""
    store(tmp_path, [event(1, event_id="a"), event(2, event_id="a")])
    ledger.set_rows(snapshot(str(tmp_path), TOUCHPOINTS))
    ledger.add_produced([produced(0, "a"), produced(1, "a")])
    assert counted(ledger) == {"produced": 2, "rows": 2}
    ledger.set_rows(snapshot(str(tmp_path), TOUCHPOINTS))
    assert counted(ledger) == {"produced": 2, "rows": 2, "doubled": 2}


def test_rows_of_what_the_log_no_longer_holds_are_not_judged(
    ledger: Ledger, tmp_path: Path
) -> None:
    """But a repeat of such an event has its row there."""
    store(tmp_path, [event(1, event_id="gone", at_ms=NOON_MS - 1), event(2, event_id="a")])
    ledger.set_rows(snapshot(str(tmp_path), TOUCHPOINTS))
    ledger.add_produced([produced(5, "a"), produced(6, "gone")])
    ledger.set_processed([(*CLICK, 7)])
    assert counted(ledger, {CLICK: False}) == {"produced": 2, "rows": 1, "repeats": 1}
    assert counted(ledger, {CLICK: True}) == {"produced": 2, "rows": 1, "missing": 1}


def test_rows_of_topics_that_were_made_anew_and_are_empty_are_not_judged(
    ledger: Ledger, tmp_path: Path
) -> None:
    store(tmp_path, [event(1, event_id="of before")])
    ledger.set_rows(snapshot(str(tmp_path), TOUCHPOINTS))
    assert ledger.lines(WHOLE) == []


def test_a_rebuild_s_row_takes_the_place_of_the_earlier_one(ledger: Ledger, tmp_path: Path) -> None:
    old = [event(1, event_id="a"), event(2, event_id="b")]
    store(tmp_path, old, [event(1, event_id="a", generation=1)])
    ledger.set_rows(snapshot(str(tmp_path), TOUCHPOINTS))
    ledger.add_produced([produced(0, "a"), produced(1, "b")])
    assert counted(ledger) == {"produced": 2, "rows": 2}


def test_what_does_not_fit_into_memory_goes_to_the_folder_for_temporary_files(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """And not into the current one, which DuckDB would take."""
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    ledger = Ledger()
    found = ledger._db.execute("select current_setting('temp_directory')").fetchall()
    assert found[0][0].startswith(f"{tmp_path}/touchline-duckdb-")
    ledger.close()


def test_what_was_looked_at_is_looked_at_anew(ledger: Ledger, tmp_path: Path) -> None:
    store(tmp_path, [event(1, event_id="a")])
    ledger.add_produced([produced(0, "a")])
    ledger.set_processed([(*CLICK, 0)])
    assert counted(ledger) == {"produced": 1, "waiting": 1}
    for _ in range(2):
        ledger.forget_whereabouts()
        ledger.set_rows(snapshot(str(tmp_path), TOUCHPOINTS))
        assert counted(ledger) == {"produced": 1, "rows": 1}


def test_nothing_produced_is_no_line(ledger: Ledger) -> None:
    assert ledger.lines({CLICK: True}) == []
