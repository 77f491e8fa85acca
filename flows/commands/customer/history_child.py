"""Asks the warehouse of one customer and prints what it says, a line for each part: see `history`.

`python -m flows.commands.customer.history_child`, the question on stdin.
"""

import sys
from collections.abc import Iterator
from typing import Any

import msgspec

from connectors.published.schema_requests import REQUESTS
from connectors.warehouse.ask import Warehouse, open_warehouse
from connectors.warehouse.errors import WarehouseUnavailable, WarehouseUnfit
from connectors.warehouse.folder import local_folder
from connectors.warehouse.tables import TOUCHPOINTS
from flows.commands.customer.history import (
    Answer,
    AskedAction,
    Question,
    RaisedAlert,
    Touch,
    encode,
    read_question,
)
from state.times import milliseconds

ALERT = "alert.raised"
_read_object = msgspec.json.Decoder(dict[str, Any]).decode
ACTIONS_SQL = """
    select id, kind, epoch_ms(decided_at), body from actions_rows
    where customer_id = ? and list_contains(?, kind) order by decided_at desc
"""


def answers(question: Question) -> Iterator[Answer]:
    """As of when, their touchpoints, alerts, what others were asked for; or why there is none."""
    folder = local_folder(question.url)
    if folder is not None and not folder.is_dir():
        yield Answer(
            missing=f"{question.url}: no such folder; name the warehouse with --warehouse-url or "
            "TOUCHLINE_WAREHOUSE_URL"
        )
        return
    try:
        with open_warehouse(question.url) as warehouse:
            yield Answer(as_of=_as_of(warehouse))
            rows = warehouse.last_touchpoints(question.customer_id, question.touchpoints)
            yield Answer(touchpoints=[_touch(row) for row in rows])
            yield Answer(alerts=list(_alerts(warehouse, question)))
            yield Answer(actions=list(_actions(warehouse, question, list(REQUESTS))))
    except (WarehouseUnavailable, WarehouseUnfit) as trouble:
        yield Answer(missing=str(trouble))


def _as_of(warehouse: Warehouse) -> int | None:
    files = warehouse.snapshots[TOUCHPOINTS.name].files
    moments = [file.high.get("received_at") for file in files]
    return max((milliseconds(moment) for moment in moments if moment), default=None)


def _touch(row: dict[str, Any]) -> Touch:
    original = _read_object(row["original"])
    properties = original.get("properties")
    return Touch(
        at=milliseconds(row["occurred_at"]),
        channel=row["channel"],
        event=row["event"],
        id=row["id"],
        properties=properties if isinstance(properties, dict) else {},
    )


def _alerts(warehouse: Warehouse, question: Question) -> Iterator[RaisedAlert]:
    for each in _actions(warehouse, question, [ALERT]):
        yield msgspec.convert({**each.body, "at": each.at}, RaisedAlert)


def _actions(warehouse: Warehouse, question: Question, kinds: list[str]) -> Iterator[AskedAction]:
    """Each once: rows never go from the table, so a repeat of a producer's may be there twice."""
    seen: set[str] = set()
    rows = warehouse.connection.execute(ACTIONS_SQL, [question.customer_id, kinds])
    while len(seen) < question.alerts and (row := rows.fetchone()) is not None:
        action_id, kind, at, body = row
        if action_id not in seen:
            seen.add(action_id)
            yield AskedAction(at, kind, _read_object(body))


if __name__ == "__main__":
    for part in answers(read_question(sys.stdin.buffer.read())):
        sys.stdout.buffer.write(encode(part) + b"\n")
        sys.stdout.buffer.flush()
