"""What others are asked to do, in words, and the tables that say which queue gets a lead."""

from collections.abc import Iterator

from decisions.actions.routes import Row
from decisions.actions.spec import ActionSpec, Asked, Constant, Named, Said
from decisions.actions.spec import Part as Source
from decisions.explaining.clauses import Line
from decisions.explaining.nouns import noun
from decisions.explaining.phrases import listed, number, quoted, span
from decisions.explaining.relations import table_of
from decisions.language import Value
from decisions.language.grammar.parser import parse

ASKS = {
    "webhook": "a web address is called",
    "email.request": "a mail is asked for",
    "lead.route": "the customer is handed to people",
    "ticket.request": "a ticket is asked for",
    "push.request": "a message on the customer's devices is asked for",
    "log": "a note is made",
}
"""Kind of an action → what it is for."""


def action(spec: ActionSpec) -> Line:
    """An action, and what it says below it."""
    lines = [line for name, source in spec.parts.items() for line in _part(name, source)]
    if table := table_of(spec):
        lines += (Line(f"by the table {table}:", rows(spec.rows)),)
    if spec.idempotency_key is not None:
        lines.append(Line(f"once for each value of {value(spec.idempotency_key)}"))
    if spec.requires_approval:
        lines.append(Line("only when somebody has approved of it"))
    lines.append(Line(f"to be delivered within {span(spec.expiry_ms)}"))
    return Line(f"{ASKS[spec.kind]} ({spec.kind})", tuple(lines))


def value(of: Value) -> str:
    """What an expression's value is called."""
    return noun(parse(of.source))


def rows(table: tuple[Row, ...]) -> tuple[Line, ...]:
    """The rows of a routing table."""
    return tuple(Line(_row(row)) for row in table)


def _row(row: Row) -> str:
    parts = []
    if row.regions:
        parts.append(f"region {listed(row.regions, 'or')}")
    if row.low is not None:
        parts.append(f"score of at least {number(row.low)}")
    if row.high is not None:
        below = f"below {number(row.high)}"
        parts.append(below if row.low is not None else f"score {below}")
    return f"{', '.join(parts) or 'all the rest'}: {row.queue}"


def _part(name: str, source: Source) -> Iterator[Line]:
    match source:
        case Constant(value=found):
            if name != "table":
                yield Line(f"{name}: {_constant(found)}")
        case Said(template=template):
            yield Line(f"{name}: {quoted(template.source)}")
        case Asked(value=of):
            yield Line(f"{name}: {value(of)}")
        case Named(parts=parts):
            inner = tuple(line for key, one in parts.items() for line in _part(key, one))
            if inner:
                yield Line(f"{name}:", inner)


def _constant(found: object) -> str:
    if isinstance(found, dict):
        return f"the secret {found['secret']}"
    return quoted(str(found))
