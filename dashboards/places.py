"""Where the files of Grafana and Prometheus are."""

from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).resolve().parents[1]
DASHBOARDS: Final = ROOT / "dashboards"
BOARDS: Final = DASHBOARDS / "grafana" / "boards"
PROVISIONING: Final = DASHBOARDS / "grafana" / "provisioning"
PROMETHEUS: Final = DASHBOARDS / "prometheus"
RULES: Final = PROMETHEUS / "rules"
RUNBOOKS: Final = ROOT / "docs" / "runbooks"


def shown(path: Path) -> str:
    """`path` as a message has it: from the project's root where it lies there."""
    return str(path.relative_to(ROOT)) if path.is_relative_to(ROOT) else str(path)
