"""An event of the log is known by its id, whatever was thought of its time."""

import pytest

from connectors.warehouse.reconciliation import _id
from state.touchpoint import identity
from tests.connectors.samples import NOW, raw


@pytest.mark.parametrize(
    "timestamp", ["0001-01-01T00:00:00Z", "2025-12-31T23:59:58Z", "9999-12-31T23:59:59Z"]
)
def test_an_event_has_its_id_at_whatever_time_it_happened(timestamp: str) -> None:
    assert _id(raw(timestamp=timestamp), "click", NOW) == identity("ana", "m-1").hex()


def test_what_is_no_event_has_none() -> None:
    assert _id(b"no event", "click", NOW) is None
