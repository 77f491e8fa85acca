"""Reads Grafana's files and says in one sentence what is wrong with one of them."""

from pathlib import Path
from typing import Any, Final, TypeVar

import msgspec
from msgspec import Struct
from ruamel.yaml import YAML
from ruamel.yaml.error import YAMLError

from dashboards.places import shown

AGAIN: Final = "write it anew with `python -m dashboards`"
T = TypeVar("T")


class InvalidFile(ValueError):
    """A file that Grafana or Prometheus could not use; the text names file, place and remedy."""


class Target(Struct, frozen=True):
    """A query of a panel."""

    expr: str
    ref: str = msgspec.field(name="refId")
    legend: str = msgspec.field(name="legendFormat")


class Defaults(Struct, frozen=True):
    """What holds for every value of a panel."""

    unit: str
    empty: str = msgspec.field(name="noValue")


class FieldConfig(Struct, frozen=True):
    """How values are shown."""

    defaults: Defaults


class Place(Struct, frozen=True):
    """Where a panel is, in columns of 24 and rows."""

    x: int
    y: int
    w: int
    h: int


class Source(Struct, frozen=True):
    """Whom a panel or a variable asks."""

    type: str
    uid: str


class ShownPanel(Struct, frozen=True):
    """A panel with queries."""

    id: int
    type: str
    title: str
    description: str
    datasource: Source
    targets: list[Target]
    fields: FieldConfig = msgspec.field(name="fieldConfig")
    place: Place = msgspec.field(name="gridPos")


class VariableQuery(Struct, frozen=True):
    """How the values of a variable are found."""

    query: str


class Variable(Struct, frozen=True):
    """A choice on top of a board."""

    name: str
    query: VariableQuery
    datasource: Source
    multi: bool
    all: bool = msgspec.field(name="includeAll")
    all_value: str = msgspec.field(name="allValue")


class Templating(Struct, frozen=True):
    """The choices of a board."""

    variables: list[Variable] = msgspec.field(name="list")


class Head(Struct, frozen=True):
    """A board but for its panels."""

    uid: str
    title: str
    description: str
    panels: list[dict[str, Any]]
    templating: Templating


class BoardFile(Struct, frozen=True):
    """A board as its file has it."""

    path: Path
    head: Head
    panels: list[ShownPanel]
    """Rows, which show nothing, left out."""

    @property
    def name(self) -> str:
        """The file's, without its ending."""
        return self.path.stem


def read_board(path: Path) -> BoardFile:
    """The board in `path`. Raises InvalidFile."""
    try:
        whole = msgspec.json.decode(path.read_bytes())
    except OSError as error:
        raise InvalidFile(f"{shown(path)}: {error.strerror}; {AGAIN}") from None
    except msgspec.DecodeError as error:
        raise InvalidFile(f"{shown(path)}: expected JSON, got {_first(error)}; {AGAIN}") from None
    head = _as(whole, Head, shown(path))
    panels = []
    for number, panel in enumerate(head.panels):
        if panel.get("type") != "row":
            title = f" ({panel['title']})" if "title" in panel else ""
            panels.append(_as(panel, ShownPanel, f"{shown(path)}: panels[{number}]{title}"))
    return BoardFile(path, head, panels)


def read_boards(folder: Path) -> list[BoardFile]:
    """All boards of `folder`. Raises InvalidFile, also when there is none."""
    paths = sorted(folder.glob("*.json"))
    if not paths:
        raise InvalidFile(f"{shown(folder)}: expected boards (*.json), got none; {AGAIN}")
    return [read_board(path) for path in paths]


def read_yaml(path: Path, shape: type[T]) -> T:
    """What a YAML file holds, as `shape`. Raises InvalidFile."""
    try:
        whole = YAML(typ="safe").load(path)
    except OSError as error:
        raise InvalidFile(f"{shown(path)}: {error.strerror}; put it back from git") from None
    except YAMLError as error:
        said = " ".join(str(error).split())
        raise InvalidFile(f"{shown(path)}: expected YAML, got {said}; mend it there") from None
    return _as(whole, shape, shown(path), "mend it there")


def _as(whole: object, shape: type[T], place: str, remedy: str = AGAIN) -> T:
    try:
        return msgspec.convert(whole, shape)
    except msgspec.ValidationError as error:
        raise InvalidFile(f"{place}: {_first(error)}; {remedy}") from None


def _first(error: Exception) -> str:
    text = str(error)
    return text[:1].lower() + text[1:]
