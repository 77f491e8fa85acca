"""docs/events.md says what the code does: its examples are taken, its names and limits are all.

Its tables, and the schemas beside it, are those that the code's types make.
"""

import json
import re
import subprocess
import sys
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from connectors.events.dead_letter import Reason
from connectors.events.decode import (
    MAX_BYTES,
    MAX_DEPTH,
    MAX_ID_CHARACTERS,
    MAX_KEYS,
    decode,
)
from connectors.events.event import FIXED_NAMES, Event
from connectors.published.records import MAX_CARRIED_BYTES, MAX_HEADERS
from decisions.load import load_playbook
from flows.settings import Settings
from flows.simulate.answers import NAMES as OUTCOMES
from state.bounds import FINGERPRINTS_KEPT, NAME_BYTES, PRODUCTS_READ
from state.fold import _EFFECTS as EFFECTS
from state.fold import fold, interests
from state.fold.cart import MOST
from state.fold.consents import SAYS
from state.fold.reading import LARGEST
from state.limits import USUAL
from state.profile import Profile
from state.touchpoint import Touchpoint
from tests.event_docs import DOCS, files, schemas
from tests.json_schema import Judge

ROOT = Path(__file__).resolve().parents[1]
DOCUMENT = (ROOT / "docs" / "events.md").read_text()
EXAMPLES = re.findall(r"<!-- example: (\w+) -->\n```json\n(.*?)```", DOCUMENT, re.DOTALL)
ROWS = [
    [cell.strip() for cell in line.strip("|").split(" | ")]
    for line in DOCUMENT.splitlines()
    if line.startswith("| ")
]
GENERATED = files()
PLAIN = {"Offer Clicked"}
"""Names of examples that change no more than any event does."""


def taken(channel: str, text: str) -> Touchpoint:
    """The touchpoint that an example makes, decoded a second after it happened."""
    at = datetime.fromisoformat(json.loads(text)["timestamp"])
    now_ms = int(at.timestamp() * 1000) + 1000
    result = decode(text.encode(), channel, now_ms, now_ms)
    assert isinstance(result, Touchpoint), result
    return result


def folded(name: str, properties: dict[str, Any]) -> Profile:
    """The profile of a customer of whom nothing but this event is known."""
    event = {
        "messageId": "m-1",
        "type": "track",
        "event": name,
        "userId": "ann",
        "timestamp": "2026-01-15T09:30:00Z",
        "properties": properties,
    }
    profile = Profile()
    fold(profile, taken("click", json.dumps(event)), {})
    return profile


@pytest.mark.parametrize("path", GENERATED, ids=lambda path: str(path.relative_to(ROOT)))
def test_what_is_generated_is_current(path: Path) -> None:
    assert path.read_text() == GENERATED[path], "run: python -m tests.event_docs"


def test_no_schema_lies_there_that_nothing_makes() -> None:
    found = {path.stem for path in (DOCS / "schemas").iterdir()}
    assert found == set(schemas())
    told = DOCUMENT.partition("## Schemas")[2].partition("\n\n## ")[0]
    assert found == set(re.findall(r"`([\w-]+)\.json`", told.partition("They are JSON Schema")[0]))


@pytest.mark.parametrize(("channel", "text"), EXAMPLES)
def test_an_example_is_as_the_schema_of_its_channel_says(channel: str, text: str) -> None:
    assert Judge(schemas()[channel]).errors(json.loads(text)) == []


def test_the_example_of_validation_prints_what_is_said() -> None:
    (code, output) = re.findall(
        r"<!-- example: validate -->\n```python\n(.*?)```\n\nprints\n\n```text\n(.*?)```",
        DOCUMENT,
        re.DOTALL,
    )[0]
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert done.stdout == output


def test_every_reason_is_told_that_a_schema_cannot_give() -> None:
    told = DOCUMENT.partition("a schema cannot say:")[2].partition("## Test your producer")[0]
    sayable = {Reason.NO_ID, Reason.BAD_ID}
    assert set(re.findall(r"`(\w+)`", told)) & set(Reason) == set(Reason) - sayable


def test_every_channel_has_an_example() -> None:
    assert {channel for channel, _ in EXAMPLES} == set(Settings().channels)


@pytest.mark.parametrize(("channel", "text"), EXAMPLES)
def test_an_example_is_taken_and_changes_what_its_name_changes(channel: str, text: str) -> None:
    touchpoint = taken(channel, text)
    traits = load_playbook(ROOT / "playbooks" / "retail.yaml").traits
    profile, ordinary = Profile(), Profile()
    changed = fold(profile, touchpoint, traits)
    touchpoint.name, touchpoint.type = "Something Else", "track"
    as_any_event = fold(ordinary, touchpoint, {})
    assert profile.channels[channel].events == 1
    assert (changed == as_any_event) == (json.loads(text).get("event") in PLAIN)


def test_the_examples_traits_are_those_of_the_example_playbook() -> None:
    (text,) = [text for _, text in EXAMPLES if json.loads(text)["type"] == "identify"]
    profile = Profile()
    fold(profile, taken("click", text), load_playbook(ROOT / "playbooks" / "retail.yaml").traits)
    assert profile.traits == json.loads(text)["traits"]


@pytest.mark.parametrize("name", [*EFFECTS, *OUTCOMES, *FIXED_NAMES.values()])
def test_every_name_that_is_more_than_a_name_is_told(name: str) -> None:
    assert f"`{name}`" in DOCUMENT


def test_no_name_is_told_that_changes_nothing() -> None:
    section = DOCUMENT.partition("### Shop")[2].partition("### What became")[0]
    told = {
        name
        for line in section.splitlines()
        if line.startswith("| `")
        for name in re.findall(r"`([A-Z][\w ]+)`", line.split(" | ")[0])
    }
    assert told == {*EFFECTS, *SAYS}


@pytest.mark.parametrize(
    ("name", "weight"),
    [
        ("Product Viewed", interests.VIEWED),
        ("Product Shared", interests.WISHED),
        ("Product Added", interests.ADDED),
        ("Order Completed", interests.ORDERED),
        ("Kiosk Item Scanned", interests.SCANNED),
        ("Kiosk Transaction Completed", interests.ORDERED),
    ],
)  # fmt: skip - a table
def test_interest_grows_by_what_is_said(name: str, weight: float) -> None:
    (row,) = [row for row in ROWS if f"`{name}`" in row[0]]
    assert re.search(rf"\bby {weight:g}\b", row[-1])
    assert folded(name, {"category": "shoes"}).affinity["shoes"].score == weight


def test_every_field_that_is_read_is_told() -> None:
    for field in Event.__struct_encode_fields__:
        assert f"`{field}`" in DOCUMENT


def test_every_reason_is_told_and_none_that_there_is_not() -> None:
    section = DOCUMENT.partition("## Limits")[2].partition("\n## ")[0]
    assert re.findall(r"^\| `(\w+)` \|", section, re.MULTILINE) == [str(r) for r in Reason]


@pytest.mark.parametrize(
    ("reason", "limit"),
    [
        ("too_large", f"{MAX_BYTES:,} bytes"),
        ("too_deep", f"{MAX_DEPTH} levels"),
        ("too_many_keys", f"{MAX_KEYS} different keys"),
        ("bad_id", f"{MAX_ID_CHARACTERS} characters"),
        ("in_future", f"{USUAL.ahead_ms // 60_000} minutes"),
        ("too_late", f"{USUAL.late_ms // 86_400_000} days"),
    ],
)  # fmt: skip - a table
def test_a_limit_is_the_one_in_force(reason: str, limit: str) -> None:
    (row,) = [row for row in ROWS if row[0] == f"`{reason}`"]
    assert limit in row[1]


def test_what_of_a_record_is_carried_is_bounded_as_is_said() -> None:
    section = " ".join(DOCUMENT.partition("## Limits")[2].partition("\n| ")[0].split())
    assert f"more than {MAX_CARRIED_BYTES:,} bytes" in section
    assert f"beyond the first {MAX_HEADERS}" in section


def test_what_is_ignored_is_bounded_as_is_said() -> None:
    ignored = " ".join(DOCUMENT.partition("## Accepted, and ignored")[2].split())
    assert f"±{LARGEST:,.0f}" in ignored
    assert f"above {MOST:,}" in ignored
    assert f"first {PRODUCTS_READ}" in ignored
    assert f"cut to {NAME_BYTES} bytes" in ignored
    assert f"last {FINGERPRINTS_KEPT} events" in DOCUMENT


@pytest.mark.parametrize("price", ["79.50", True, 1.1e12, -1])
def test_a_price_that_makes_no_sense_is_taken_and_ignored(price: object) -> None:
    profile = folded("Product Added", {"product_id": "p-1", "price": price})
    assert profile.cart.lines["p-1"].quantity == 1
    assert profile.cart.value == 0
    assert profile.trimmed == 0


@pytest.mark.parametrize("amount", ["79.50", True, 1.1e12, -1])
def test_an_amount_that_makes_no_sense_is_taken_and_ignored(amount: object) -> None:
    profile = folded("Order Completed", {"total": amount})
    assert (profile.orders.count, profile.orders.value) == (1, 0)


@pytest.mark.parametrize("quantity", [0, -3, "4", 1_000_001])
def test_a_quantity_that_makes_no_sense_counts_as_one(quantity: object) -> None:
    profile = folded("Product Added", {"product_id": "p-1", "quantity": quantity})
    assert profile.cart.lines["p-1"].quantity == 1


def test_every_link_within_the_repository_leads_somewhere() -> None:
    links = re.findall(r"\]\((?!http)([^)#]+)\)", DOCUMENT)
    assert links
    assert [link for link in links if not (DOCS / link).exists()] == []
