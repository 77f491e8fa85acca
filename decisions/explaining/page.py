"""What is said of one rule: as lines of text, and as plain JSON."""

from collections.abc import Iterable, Iterator
from typing import Any

from msgspec import Struct

from decisions.explaining.clauses import Line


class Part(Struct, frozen=True):
    """One thing that is said of it."""

    key: str
    """What it is called in JSON."""
    heading: str
    lines: tuple[Line, ...]


class Page(Struct, frozen=True):
    """All that is said of a rule."""

    kind: str
    """segment, offer, alert, journey or route."""
    id: str
    title: str
    parts: tuple[Part, ...]
    rests_on: tuple[str, ...] = ()
    """Other rules, such as segment.vip."""
    used_by: tuple[str, ...] = ()


def part(key: str, heading: str, lines: Iterable[Line | str | None]) -> Part:
    """A part of a page; None is no line."""
    made = (Line(line) if isinstance(line, str) else line for line in lines)
    return Part(key, heading, tuple(line for line in made if line is not None))


def text(page: Page) -> str:
    """The page as lines."""
    title = f": {page.title}" if page.title else ""
    return "\n".join([f"{page.kind}.{page.id}{title}", *_parts(page)])


def _parts(page: Page) -> Iterator[str]:
    for one in page.parts:
        if one.lines:
            yield ""
            yield one.heading
            for line in one.lines:
                yield from _indented(line, "  ")


def _indented(line: Line, indent: str) -> Iterator[str]:
    yield f"{indent}{line.text}"
    for below in line.below:
        yield from _indented(below, f"{indent}  ")


def to_json(page: Page) -> dict[str, Any]:
    """The page as plain JSON values: of each part its lines, a text or text and below."""
    return {
        "rule": f"{page.kind}.{page.id}",
        "kind": page.kind,
        "id": page.id,
        "title": page.title,
        "says": {one.key: [_json(line) for line in one.lines] for one in page.parts if one.lines},
        "rests_on": list(page.rests_on),
        "used_by": list(page.used_by),
    }


def _json(line: Line) -> Any:
    if not line.below:
        return line.text
    return {"text": line.text, "below": [_json(below) for below in line.below]}
