"""The playbook of a run: how it learns, what of it runs out, and quiet hours that begin and end
while it runs."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Final

from ruamel.yaml import YAML

from tests.faults.world import ROOT
from tests.oracle.contact.lawless import lawless, write

PLAYBOOK = ROOT / "tests/oracle/contact/playbook.yaml"
FEATURES: Final = {
    "looks": 'profile.events["Product Viewed"] % 4 < 2',
    "reads": 'profile.events["Email Opened"] > 0',
    "visits": 'profile.events["Kiosk Session Started"] > 1',
}
"""What a linear policy goes by: one comes and goes with nearly every event."""
BUDGETS: Final = {"pairs": (True, ("coats", "hats")), "seats": (False, ("tasting", "scarves"))}
"""Budget → whether it is hard, and the offers that share it."""
PRODUCTS: Final = {"boots": ("shoes", "for_you"), "pass": ("evening",)}
"""Product → the offers that name it."""


def made(learning: str, units: int = 0, *, products: bool = False) -> dict[str, Any]:
    """The playbook with a policy of learning, BUDGETS of so many units each (0 = none), and offers
    that name PRODUCTS."""
    written = read()
    written["learning"]["policy"] = learning
    if learning == "linear":
        written["learning"]["features"] = FEATURES
    if units:
        written["budgets"] = {name: {"units": units, "hard": of[0]} for name, of in BUDGETS.items()}
        for name, (_, offers) in BUDGETS.items():
            for offer in offers:
                written["offers"][offer]["budget"] = name
    if products:
        for product, those in PRODUCTS.items():
            for offer in those:
                written["offers"][offer]["products"] = product
    return written


def written_at(
    written: Mapping[str, Any], folder: Path, now_ms: int, begins_after_s: float
) -> Path:
    """The playbook, as a file: quiet from the whole minute on that is so far away or a little more,
    for an hour and as long again.

    An hour to the east it is quiet already, and ends while it runs; further away it never is.
    """
    minute = timedelta(minutes=1)
    now = datetime.fromtimestamp(now_ms / 1000, UTC)
    begins = (now + timedelta(seconds=begins_after_s)).replace(second=0, microsecond=0) + minute
    ends = begins + timedelta(hours=1, seconds=begins_after_s)
    quiet = written["contact"]["quiet"] | {"from": f"{begins:%H:%M}", "to": f"{ends:%H:%M}"}
    contact = written["contact"] | {"quiet": quiet}
    return write({**written, "contact": contact}, folder / "playbook.yaml")


def without_policy(written: Mapping[str, Any], folder: Path) -> Path:
    """The playbook without anything that says no."""
    return write(lawless(written), folder / "lawless.yaml")


def read() -> dict[str, Any]:
    """As a YAML reader has it."""
    written: dict[str, Any] = YAML(typ="safe").load(PLAYBOOK.read_text())
    return written
