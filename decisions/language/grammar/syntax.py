"""What an expression is made of, before types. `offset` is the place in the source, from 0."""

from msgspec import Struct


class Literal(Struct, frozen=True):
    """A number, text, flag or null."""

    offset: int
    value: bool | int | float | str | None


class Name(Struct, frozen=True):
    """A name that stands alone."""

    offset: int
    name: str


class Select(Struct, frozen=True):
    """operand.field; the offset is the field's."""

    offset: int
    operand: "Node"
    field: str


class Index(Struct, frozen=True):
    """operand[key]; the offset is the bracket's."""

    offset: int
    operand: "Node"
    key: "Node"


class Call(Struct, frozen=True):
    """name(arguments), or target.name(arguments); the offset is the name's."""

    offset: int
    target: "Node | None"
    name: str
    arguments: list["Node"]


class ListOf(Struct, frozen=True):
    """[items]."""

    offset: int
    items: list["Node"]


class Unary(Struct, frozen=True):
    """! or - before an operand."""

    offset: int
    operator: str
    operand: "Node"


class Binary(Struct, frozen=True):
    """Arithmetic, comparison or `in`; the offset is the operator's."""

    offset: int
    operator: str
    left: "Node"
    right: "Node"


class Logical(Struct, frozen=True):
    """Two or more operands joined by && or by ||; the offset is the first operator's."""

    offset: int
    operator: str
    operands: list["Node"]


class Ternary(Struct, frozen=True):
    """condition ? then : otherwise; the offset is the question mark's."""

    offset: int
    condition: "Node"
    then: "Node"
    otherwise: "Node"


Node = Literal | Name | Select | Index | Call | ListOf | Unary | Binary | Logical | Ternary
