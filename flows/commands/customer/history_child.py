"""Asks the warehouse of one customer and prints what it says, a line for each part: see `history`.

`python -m flows.commands.customer.history_child`, the question on stdin.
"""

import sys
from collections.abc import Iterator
from typing import Any

import msgspec

from connectors.warehouse.ask import Warehouse, open_warehouse
from connectors.warehouse.errors import WarehouseUnavailable, WarehouseUnfit
from connectors.warehouse.folder import local_folder
from connectors.warehouse.tables import TOUCHPOINTS
from flows.commands.customer.history import (
    Answer,
    Question,
    RaisedAlert,
    Touch,
    encode,
    read_question,
)
from state.times import milliseconds

_read_object = msgspec.json.Decoder(dict[str, Any]).decode
ALERTS_SQL = """
    select id, epoch_ms(decided_at), body from actions_rows
    where customer_id = ? and kind = 'alert.raised' order by decided_at desc
"""


def answers(question: Question) -> Iterator[Answer]:
    """As of when, their touchpoints, their alerts; or why there are none."""
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
    """Each once: rows never go from the table, so a repeat of a producer's may be there twice."""
    seen: set[str] = set()
    rows = warehouse.connection.execute(ALERTS_SQL, [question.customer_id])
    while len(seen) < question.alerts and (row := rows.fetchone()) is not None:
        action_id, at, body = row
        if action_id not in seen:
            seen.add(action_id)
            yield msgspec.convert({**_read_object(body), "at": at}, RaisedAlert)


if __name__ == "__main__":
    for part in answers(read_question(sys.stdin.buffer.read())):
        sys.stdout.buffer.write(encode(part) + b"\n")
        sys.stdout.buffer.flush()
