"""Reads Prometheus' rules and Grafana's provisioning, as far as something here depends on them."""

import re
from pathlib import Path
from typing import Final

from msgspec import Struct, field

from dashboards.board_file import read_yaml

RECORDED: Final = re.compile(r"\b[a-z_]+:[a-z0-9_]+:[a-z0-9_]+\b")
"""The name of a recorded series: level:metric:operations."""


class Rule(Struct, frozen=True):
    """A rule; `record` or `alert` is its name."""

    expr: str
    record: str = ""
    alert: str = ""
    labels: dict[str, str] = field(default_factory=dict)
    annotations: dict[str, str] = field(default_factory=dict)

    @property
    def name(self) -> str:
        """The recorded series', or the alert's."""
        return self.record or self.alert

    def asks(self) -> list[str]:
        """The recorded series in its expression, each once."""
        return list(dict.fromkeys(RECORDED.findall(self.expr)))


class Group(Struct, frozen=True):
    """Rules that are evaluated one after the other."""

    name: str
    rules: list[Rule]


class RuleFile(Struct, frozen=True):
    """A file of rules."""

    groups: list[Group]


class DataSource(Struct, frozen=True):
    """Where Grafana finds Prometheus."""

    name: str
    uid: str
    type: str
    url: str


class DataSources(Struct, frozen=True):
    """A file of provisioning/datasources/."""

    sources: list[DataSource] = field(name="datasources")


class Folder(Struct, frozen=True):
    """Where a provider's boards are."""

    path: str


class Provider(Struct, frozen=True):
    """Who gives Grafana its boards."""

    name: str
    type: str
    options: Folder


class Providers(Struct, frozen=True):
    """A file of provisioning/dashboards/."""

    providers: list[Provider]


def read_rules(folder: Path) -> list[Rule]:
    """All rules of `folder`, recording rules first. Raises InvalidFile."""
    files = [read_yaml(path, RuleFile) for path in sorted(folder.glob("*.yml"))]
    rules = [rule for file in files for group in file.groups for rule in group.rules]
    return sorted(rules, key=lambda rule: not rule.record)


def read_provisioning(folder: Path) -> tuple[list[DataSource], list[Provider]]:
    """Grafana's data sources and providers of boards. Raises InvalidFile."""
    sources = [read_yaml(path, DataSources) for path in sorted(folder.glob("datasources/*.yml"))]
    providers = [read_yaml(path, Providers) for path in sorted(folder.glob("dashboards/*.yml"))]
    return (
        [source for file in sources for source in file.sources],
        [provider for file in providers for provider in file.providers],
    )
