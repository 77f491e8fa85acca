"""The same playbook without its contact policy: what the checker must see when nothing says no."""

from pathlib import Path
from typing import Any

from ruamel.yaml import YAML

AT_ONCE = "1s"
"""The shortest time that an offer may rest."""


def lawless(written: dict[str, Any]) -> dict[str, Any]:
    """No caps, no quiet hours, no exclusive sets, no rest after an answer, no consent."""
    contact = {"answers": written["contact"]["answers"]}
    freely = {
        kind: {name: _freely(one) for name, one in written[kind].items()}
        for kind in ("groups", "offers")
    }
    left = {name: part for name, part in written.items() if name != "purposes"}
    return left | freely | {"contact": contact}


def write(written: dict[str, Any], path: Path) -> Path:
    """As a file."""
    with path.open("w") as file:
        YAML().dump(written, file)  # in the order of the keys
    return path


def _freely(one: dict[str, Any]) -> dict[str, Any]:
    said = {key: value for key, value in one.items() if key != "purpose"}
    return said | {"cooldown": AT_ONCE, "suppress": AT_ONCE}
