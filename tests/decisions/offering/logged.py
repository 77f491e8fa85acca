"""Decisions for offers as they are published, for tests of what reads them."""

from typing import Any

import orjson

from connectors.published.records import action_record
from decisions.offering.logged import Logged, read_decided
from state.applied import Applied
from state.decision import Decision
from tests.decisions.someone import Someone, actions


def published(someone: Someone, decision: Decision | None, kind: str = "") -> list[bytes]:
    """The records of what was decided just now, those of a kind."""
    version = someone.playbook.version
    return [
        action_record(
            someone.customer_id,
            action,
            someone.now_ms,
            version,
            Applied(0, 0, someone.events, index),
        )
        for index, action in enumerate(actions(decision, kind))
    ]


def changed(record: bytes, path: str, value: Any) -> Logged:
    """It with another value at `path`, such as `body.eligible.score.0`."""
    found = orjson.loads(record)
    *outer, last = [int(part) if part.isdigit() else part for part in path.split(".")]
    place = found
    for part in outer:
        place = place[part]
    place[last] = value
    return read_decided(orjson.dumps(found))
