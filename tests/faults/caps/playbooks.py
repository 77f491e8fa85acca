"""The playbook of a run: how it learns, what of it runs out, and quiet hours that begin and end
while it runs; and the same without its policy, for a checker that must see that nothing says no."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Final

from ruamel.yaml import YAML

from tests.faults.world import ROOT

PLAYBOOK = ROOT / "tests/oracle/contact/playbook.yaml"
AT_ONCE = "1s"
"""The shortest time that an offer may rest."""
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
    """The playbook as the flow has it where the checker must find violations, as a file."""
    return write(lawless(written), folder / "lawless.yaml")


def lawless(written: Mapping[str, Any]) -> dict[str, Any]:
    """No cap, no quiet hours, no exclusive set, no rest after an answer, no consent, no budget."""
    contact = {"answers": written["contact"]["answers"]}
    freely = {
        kind: {name: _freely(one) for name, one in written[kind].items()}
        for kind in ("groups", "offers")
    }
    left = {name: part for name, part in written.items() if name not in ("purposes", "budgets")}
    return left | freely | {"contact": contact}


def _freely(one: Mapping[str, Any]) -> dict[str, Any]:
    said = {key: value for key, value in one.items() if key not in ("purpose", "budget")}
    return said | {"cooldown": AT_ONCE, "suppress": AT_ONCE}


def read() -> dict[str, Any]:
    """As a YAML reader has it."""
    written: dict[str, Any] = YAML(typ="safe").load(PLAYBOOK.read_text())
    return written


def write(written: Mapping[str, Any], path: Path) -> Path:
    """As a file."""
    with path.open("w") as file:
        YAML().dump(dict(written), file)  # in the order of the keys
    return path
