"""docs/profile.md names the bounds that are in force."""

import re
from pathlib import Path

import pytest

from decisions.alerting.memory import MAX_REMEMBERED, WATCH_BYTES
from decisions.format.offer_keys import MAX_SERVED
from decisions.format.sections import MAX_SEGMENTS
from decisions.offering.memory import ANSWERS_KEPT, PROPOSALS_KEPT, TIMES_KEPT
from flows.metrics.catalogue import METRICS
from state import bounds
from state.decay import HALF_LIFE_MS
from state.fold.orders import KEPT_DAYS
from state.fold.sessions import GAP_MS
from state.journeys import CAUSE_BYTES, KEY_BYTES, LEFT_KEPT, RUNS_KEPT
from state.windows import DAY_MS, ORDER_WINDOW_DAYS

DOCUMENT = (Path(__file__).resolve().parents[1] / "docs" / "profile.md").read_text()
KEPT, _, BOUNDS = DOCUMENT.partition("## Bounds")
LIMITS = {
    name: value for name, value in vars(bounds).items() if name.isupper() and isinstance(value, int)
}
ROW_OF = {
    "BLOB_BYTES": "the whole profile",
    "FOLD_BYTES": "the whole profile",
    "FINGERPRINTS_KEPT": "fingerprints",
    "CHANNELS_KEPT": "channels",
    "EVENTS_KEPT": "names of events",
    "LINES_KEPT": "lines of the cart",
    "CATEGORIES_KEPT": "categories",
    "TRAITS_KEPT": "traits",
    "LISTS_KEPT": "traits that are lists",
    "ITEMS_KEPT": "texts of such a list",
    "CONSENTS_KEPT": "consents",
    "NAME_BYTES": "a name (event, channel, category, product, cart)",
    "TRAIT_BYTES": "a trait that is a text, and each text of a list",
    "PRODUCTS_READ": "products read of one event",
}
"""Constant of state.bounds → the first cell of the row that tells it."""


def row(table: str, first: str) -> str:
    (found,) = re.findall(rf"^\| {re.escape(first)} \| (.*) \|$", table, re.MULTILINE)
    return str(found)


def holds(text: str, number: int) -> bool:
    return re.search(rf"(?<![\d,]){number:,}(?![\d,]*\d)", text) is not None


@pytest.mark.parametrize("name", LIMITS)
def test_every_limit_of_the_fold_stands_in_its_row(name: str) -> None:
    assert holds(row(BOUNDS, ROW_OF[name]), LIMITS[name])


def test_the_limits_of_what_decisions_keep_stand_in_their_rows() -> None:
    assert holds(row(BOUNDS, "alerts still silent"), MAX_REMEMBERED)
    assert holds(row(KEPT, "alerts"), MAX_REMEMBERED)
    for first, table in (("what alerts remember", BOUNDS), ("watches", KEPT)):
        assert holds(row(table, first), MAX_REMEMBERED)
        assert holds(row(table, first), WATCH_BYTES)
    for limit in (RUNS_KEPT, LEFT_KEPT):
        assert holds(row(KEPT, "journeys"), limit)
    assert holds(row(BOUNDS, "runs of journeys"), RUNS_KEPT)
    assert holds(row(BOUNDS, "ends of runs"), LEFT_KEPT)
    assert holds(row(BOUNDS, "the key of a run"), KEY_BYTES)
    assert holds(row(BOUNDS, "the message id that started a run"), CAUSE_BYTES)
    assert holds(row(KEPT, "segments"), MAX_SEGMENTS)
    assert holds(row(KEPT, "offers"), MAX_SERVED)
    assert holds(row(KEPT, "proposals"), PROPOSALS_KEPT)
    assert holds(row(BOUNDS, "decisions for offers"), PROPOSALS_KEPT)
    for first, table in (("answers", KEPT), ("offers answered", BOUNDS)):
        assert holds(row(table, first), ANSWERS_KEPT)
    for first, table in (("contacts", KEPT), ("times that caps count", BOUNDS)):
        assert holds(row(table, first), TIMES_KEPT)


def test_the_limits_of_what_is_kept_stand_in_their_rows_too() -> None:
    for first, limit in {
        "recent events": bounds.FINGERPRINTS_KEPT,
        "channels": bounds.CHANNELS_KEPT,
        "events": bounds.EVENTS_KEPT,
        "cart": bounds.LINES_KEPT,
        "interest": bounds.CATEGORIES_KEPT,
        "traits": bounds.TRAITS_KEPT,
        "consents": bounds.CONSENTS_KEPT,
    }.items():
        assert holds(row(KEPT, first), limit), first
    for limit in (bounds.LISTS_KEPT, bounds.ITEMS_KEPT):
        assert holds(row(KEPT, "traits"), limit)


def test_times_and_windows_are_those_in_force() -> None:
    assert f"{GAP_MS // 60_000} minutes" in row(KEPT, "visits")
    assert f"{ORDER_WINDOW_DAYS} days" in row(KEPT, "orders")
    assert f"every {HALF_LIFE_MS // DAY_MS} days" in row(KEPT, "interest")
    days = row(BOUNDS, "days of orders")
    assert holds(days, KEPT_DAYS + 1)
    assert f"{KEPT_DAYS} days before" in days


def test_the_metric_that_is_named_is_measured() -> None:
    named = set(re.findall(r"`(touchline_\w+)`", DOCUMENT))
    assert named
    assert named <= {metric.name for metric in METRICS}
