"""YAML text → a small tree in which every value knows its line and column.

Only what a playbook needs: mappings, lists and scalars as the text that was written. Tags, anchors
and aliases are refused, so what one reads is what there is, and nothing can expand.
"""

import re
from collections.abc import Iterator
from typing import Any, NamedTuple

from msgspec import Struct
from ruamel.yaml import YAML
from ruamel.yaml.error import MarkedYAMLError, YAMLError
from ruamel.yaml.reader import ReaderError

MAX_CHARACTERS = 1_000_000
MAX_DEPTH = 32
HALF = re.compile("[\ud800-\udfff]")


HINTS = (
    ("'\\t'", "; indent with spaces, not with tabs"),
    (
        "expected ',' or",
        "; a bracket is not closed, or a text with one of {}[], in it does not stand in '...'",
    ),
    ("mapping values", "; a text that has a colon and a space in it must stand in '...'"),
    ("'<scalar>'", "; a text that begins with a quote and goes on after it must stand in '...'"),
)
"""What YAML's reader found, and what those who write a playbook most often mean by it."""


class Problem(NamedTuple):
    """Something wrong at a place in a file; line and column count from 1."""

    line: int
    column: int
    text: str
    """What is wrong; expected ..., got ...; did you mean "..."?"""


class Flaw(ValueError):
    """The text cannot be read as one YAML document of the kind described above."""

    def __init__(self, line: int, column: int, text: str) -> None:
        super().__init__(text)
        self.problem = Problem(line, column, text)


class Scalar(Struct):
    """A text, a number, a flag: as written; what it means is for its reader to say."""

    line: int
    column: int
    text: str
    quoted: bool
    """In quotes or as a block: text even where it looks like something else."""
    span: tuple[int, int]
    """Where it stands in the whole text: from, to (without the quotes' beginning)."""


class Mapping(Struct):
    """Keys and values in the order written; a key may still stand twice."""

    line: int
    column: int
    entries: list[tuple[Scalar, "Node"]]


class Sequence(Struct):
    """A list."""

    line: int
    column: int
    items: list["Node"]


Node = Scalar | Mapping | Sequence


def parse(text: str) -> Node | None:
    """The document in `text`; None when there is nothing in it. Raises Flaw."""
    if len(text) > MAX_CHARACTERS:
        raise Flaw(1, 1, f"the file; expected at most {MAX_CHARACTERS:,} characters, got more")
    events = _events(text)
    root: Node | None = None
    documents = 0
    for event in events:
        kind = type(event).__name__
        if kind == "DocumentStartEvent":
            documents += 1
            if documents > 1:
                raise _flaw(event, "a second document; expected one in a file, got ---")
        elif kind in ("ScalarEvent", "MappingStartEvent", "SequenceStartEvent", "AliasEvent"):
            root = _node(event, events, text, 1)
    if isinstance(root, Scalar) and not root.text and not root.quoted:
        return None
    return root


def place(text: str, scalar: Scalar, offset: int) -> tuple[int, int]:
    """Line and column in `text`, from 1, of the character at `offset` in `scalar.text`.

    Walks both side by side, since a scalar may be folded over lines, indented, or hold escapes.
    """
    at, end = scalar.span
    for index, character in enumerate(scalar.text[: offset + 1]):
        if character.isspace():
            continue
        while at < end and text[at] != character:
            at += 1
        if index < offset:
            at += 1
    if at >= end and offset < len(scalar.text):
        return scalar.line, scalar.column
    at = min(at, end)
    return text.count("\n", 0, at) + 1, at - text.rfind("\n", 0, at)


def _events(text: str) -> Iterator[Any]:
    # ruamel's events carry no useful types; the names of their classes are its public contract.
    try:
        yield from YAML(typ="safe", pure=True).parse(text)
    except MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        line, column = (mark.line + 1, mark.column + 1) if mark else (1, 1)
        said = str(error.problem or error.context)
        hint = next((hint for found, hint in HINTS if found in said), "")
        raise Flaw(line, column, f"not YAML; {said}{hint}") from None
    except ReaderError as error:
        line = text.count("\n", 0, error.position) + 1
        column = error.position - text.rfind("\n", 0, error.position)
        raise Flaw(line, column, "not YAML; a character that YAML does not allow") from None
    except YAMLError as error:
        raise Flaw(1, 1, f"not YAML; {error}") from None


def _node(event: Any, events: Iterator[Any], text: str, depth: int) -> Node:
    kind = type(event).__name__
    if kind == "AliasEvent":
        raise _flaw(event, f"an alias; expected the value itself, got *{event.anchor}")
    if event.anchor is not None:
        raise _flaw(event, f"an anchor; expected a plain value, got &{event.anchor}")
    if event.tag is not None:
        raise _flaw(event, f"a tag; expected a plain value, got {event.tag}")
    if depth > MAX_DEPTH:
        raise _flaw(event, f"nested too deeply; expected at most {MAX_DEPTH} levels, got more")
    line, column = event.start_mark.line + 1, event.start_mark.column + 1
    if kind == "ScalarEvent":
        return _scalar(event, line, column, text)
    if kind == "SequenceStartEvent":
        items: list[Node] = []
        while type(inner := next(events)).__name__ != "SequenceEndEvent":
            items.append(_node(inner, events, text, depth + 1))
        return Sequence(line, column, items)
    entries: list[tuple[Scalar, Node]] = []
    while type(inner := next(events)).__name__ != "MappingEndEvent":
        key = _node(inner, events, text, depth + 1)
        if not isinstance(key, Scalar):
            raise _flaw(inner, "a key; expected a word, got a list or a mapping")
        value = _node(next(events), events, text, depth + 1)
        if isinstance(value, Scalar) and not value.text and not value.quoted:
            value.line, value.column = key.line, key.column  # not that of whatever comes next
        entries.append((key, value))
    return Mapping(line, column, entries)


def _scalar(event: Any, line: int, column: int, text: str) -> Scalar:
    start, end = event.start_mark.index, event.end_mark.index
    if HALF.search(event.value):
        raise _flaw(event, "a text; expected characters, got half of one (a surrogate)")
    if event.style in ("|", ">"):
        start = text.find("\n", start) + 1
    elif event.style:
        start += 1
    return Scalar(line, column, event.value, bool(event.style), (start, end))


def _flaw(event: Any, text: str) -> Flaw:
    return Flaw(event.start_mark.line + 1, event.start_mark.column + 1, text)
