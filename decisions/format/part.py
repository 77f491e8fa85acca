"""One mapping of a file, each of its keys read as the table says."""

from collections.abc import Callable, Collection
from typing import TypeVar

from decisions.document import Mapping, Node, Scalar
from decisions.format.keys import (
    Choice,
    Conditions,
    Duration,
    Entries,
    Items,
    Keys,
    Kind,
    NewId,
    NewIds,
    Number,
    Plain,
    Share,
    Text,
    Texts,
    Values,
    Whole,
)
from decisions.language import Condition, Scope, Value
from decisions.reading import Reader
from decisions.templates import Template, read_template
from decisions.values import duration_ms

K = TypeVar("K", bound=Kind)
T = TypeVar("T")


class Part:
    """Reads what stands below `node`; what is wrong is noted with `reader`.

    Where a key is missing or wrong, its method gives None, or nothing of its type.
    """

    def __init__(self, reader: Reader, node: Node, where: str, table: Keys) -> None:
        self.node = node
        self.path = where
        self._reader = reader
        self._table = table
        self._nodes = reader.fields(node, where or "the playbook", table.names, table.required)
        if (
            table.any_of
            and isinstance(node, Mapping)
            and not any(name in self._nodes for name in table.any_of)
        ):
            needs = table.needs or f"at least one of {', '.join(table.any_of)}"
            got = "neither" if len(table.any_of) == 2 else "none of them"
            reader.problem(node, where, needs, got)

    def __contains__(self, name: str) -> bool:
        return name in self._nodes

    def get(self, name: str) -> Node | None:
        """What stands at a key."""
        return self._nodes.get(self._table[name].name)

    def where(self, name: str) -> str:
        """What errors call it."""
        return f"{self.path}.{name}" if self.path else name

    def _kind(self, name: str, kind: type[K]) -> K:
        found = self._table[name].kind
        assert isinstance(found, kind), f"{name} holds a {type(found).__name__}"
        return found

    def text(self, name: str) -> str:
        """A text; "" where there is none."""
        kind = self._kind(name, Text)
        return self._reader.text_of(self.get(name), self.where(name), kind.most)

    def template(self, name: str, scope: Scope) -> Template:
        """A text with placeholders; an empty one where there is none."""
        kind = self._kind(name, Text)
        return read_template(self._reader, self.get(name), self.where(name), kind.most, scope)

    def texts(self, name: str) -> tuple[str, ...]:
        """A list of texts."""
        kind = self._kind(name, Texts)
        return self._reader.texts(self.get(name), self.where(name), kind.most)

    def choice(self, name: str) -> str:
        """One of the table's words; where there is none, the table's default, or ""."""
        kind, default = self._kind(name, Choice), self._table[name].default
        found = self._reader.choice(self.get(name), self.where(name), kind.of)
        return found or (default if isinstance(default, str) else "")

    def name(self, name: str, declared: Collection[str]) -> str:
        """One of the names that are declared; "" where there is none."""
        return self._reader.choice(self.get(name), self.where(name), declared)

    def several(self, name: str, declared: Collection[str]) -> tuple[str, ...]:
        """Some of the names that are declared."""
        return self._reader.several(self.get(name), self.where(name), declared)

    def new_ids(self, name: str, word: str, example: str) -> tuple[str, ...]:
        """Ids that are declared here; `word` is what errors call one of them."""
        kind = self._kind(name, NewIds)
        return self._reader.new_ids(self.get(name), self.where(name), kind.most, word, example)

    def new_id(self, name: str) -> str:
        """An id that is declared here; "" where there is none."""
        kind = self._kind(name, NewId)
        return self._reader.new_id(self.get(name), self.where(name), kind.pattern)

    def whole(self, name: str) -> int | None:
        """A whole number; where there is none, the table's default."""
        kind, default = self._kind(name, Whole), self._table[name].default
        found = self._reader.whole(self.get(name), self.where(name), kind.low, kind.high)
        return default if found is None and isinstance(default, int) else found

    def number(self, name: str) -> float | None:
        """A number."""
        kind = self._kind(name, Number)
        return self._reader.number(self.get(name), self.where(name), kind.low, kind.high)

    def share(self, name: str) -> int | None:
        """Percent."""
        self._kind(name, Share)
        return self._reader.share(self.get(name), self.where(name))

    def plain(self, name: str) -> Scalar | None:
        """A text, a number, true or false, as it is written."""
        self._kind(name, Plain)
        return self._reader.plain(self.get(name), self.where(name))

    def flag(self, name: str) -> bool:
        """true or false; False where there is none."""
        return self._reader.flag(self.get(name), self.where(name))

    def duration(self, name: str) -> int | None:
        """Milliseconds; where there is none, those of the table's default, if it has one."""
        kind, default = self._kind(name, Duration), self._table[name].default
        node, where = self.get(name), self.where(name)
        found = self._reader.duration(node, where, kind.least, kind.most)
        return duration_ms(default) if found is None and isinstance(default, str) else found

    def time_of_day(self, name: str) -> int | None:
        """Milliseconds since midnight."""
        return self._reader.time_of_day(self.get(name), self.where(name))

    def moment(self, name: str, *, end: bool = False) -> int | None:
        """Milliseconds since the epoch; with `end`, a date is the first instant after it."""
        return self._reader.moment(self.get(name), self.where(name), end=end)

    def condition(self, name: str, scope: Scope, *, timely: bool = False) -> Condition | None:
        """A condition, compiled; with `timely` one of which it can be told when time changes it."""
        return self._reader.condition(self.get(name), self.where(name), scope, timely=timely)

    def conditions(self, name: str, scope: Scope) -> list[tuple[Node, Condition]]:
        """Conditions, where they stand and compiled."""
        most = self._kind(name, Conditions).most
        return self._reader.conditions(self.get(name), self.where(name), most, scope)

    def value(self, name: str, scope: Scope) -> Value | None:
        """An expression of any type, compiled."""
        return self._reader.value(self.get(name), self.where(name), scope)

    def named(self, name: str) -> list[tuple[str, Scalar, Node]]:
        """The entries below a key: (id, where the id stands, value)."""
        kind = self._kind(name, Entries)
        return self._reader.named(self.get(name), self.where(name), kind.most, kind.pattern)

    def entries(self, name: str, read: Callable[[str, Node, str], T]) -> dict[str, T]:
        """What `read(id, value, where)` makes of each entry below a key."""
        where = self.where(name)
        return {key: read(key, node, f"{where}.{key}") for key, _, node in self.named(name)}

    def items(self, name: str) -> list[tuple[str, Node]]:
        """What errors call each item of a list, and the item."""
        kind = self._kind(name, Items)
        return self._reader.items(self.get(name), self.where(name), kind.least, kind.most)

    def values(self, name: str) -> list[tuple[str, Scalar, Node]]:
        """Entries by any names: (name, where the name stands, value)."""
        kind = self._kind(name, Values)
        return self._reader.values(self.get(name), self.where(name), kind.most)
