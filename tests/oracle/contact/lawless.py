"""The same playbook without its contact policy: what the checker must see when nothing says no."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML

AT_ONCE = "1s"
"""The shortest time that an offer may rest."""


def lawless(written: Mapping[str, Any]) -> dict[str, Any]:
    """No cap, no quiet hours, no exclusive set, no rest after an answer, no consent, no budget."""
    contact = {"answers": written["contact"]["answers"]}
    freely = {
        kind: {name: _freely(one) for name, one in written[kind].items()}
        for kind in ("groups", "offers")
    }
    left = {name: part for name, part in written.items() if name not in ("purposes", "budgets")}
    return left | freely | {"contact": contact}


def write(written: dict[str, Any], path: Path) -> Path:
    """As a file."""
    with path.open("w") as file:
        YAML().dump(written, file)  # in the order of the keys
    return path


def _freely(one: dict[str, Any]) -> dict[str, Any]:
    said = {key: value for key, value in one.items() if key not in ("purpose", "budget")}
    return said | {"cooldown": AT_ONCE, "suppress": AT_ONCE}
