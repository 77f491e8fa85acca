"""The page as rows, and the rows as lines of a terminal or of a file."""

from collections.abc import Iterable, Iterator, Mapping
from textwrap import TextWrapper
from typing import Any, NamedTuple

import click

HEADING_COLUMNS = 13
LIST_COLUMNS = 66
"""Lists break after so many where no terminal says how wide it is."""
LEAST_COLUMNS = 24
"""A text is given so many on the narrowest terminal."""
LOOKS: dict[str, dict[str, Any]] = {
    "": {},
    "who": {"bold": True},
    "offer": {"fg": "green"},
    "critical": {"fg": "red", "bold": True},
    "warning": {"fg": "yellow"},
    "aside": {"dim": True},
}


class Row(NamedTuple):
    """One line of text, however long, and how it looks: a name of LOOKS."""

    text: str
    look: str = ""


class Section(NamedTuple):
    """What stands beside one heading. Without a heading it is an empty line."""

    heading: str
    rows: list[Row]


GAP = Section("", [])


def plain(texts: Iterable[str]) -> list[Row]:
    """Rows without a look."""
    return [Row(text) for text in texts]


def lines_of(sections: Iterable[Section], columns: int | None) -> Iterator[str]:
    """Lines with the colours of a terminal. None of more than `columns`; with None, a row is a
    line, however long, and nothing is broken."""
    for section in sections:
        if not section.heading:
            yield ""
            continue
        heading = f"{section.heading:<{HEADING_COLUMNS}}"
        for row in section.rows or [Row("-", "aside")]:
            for piece in _pieces(row.text, columns):
                yield click.style(heading, bold=True) + click.style(piece, **LOOKS[row.look])
                heading = " " * HEADING_COLUMNS


def aligned(texts: Mapping[str, str]) -> list[str]:
    """Name and text in two columns."""
    width = max(map(len, texts), default=0)
    return [f"{name:<{width}}  {text}" for name, text in texts.items()]


def filled(items: Iterable[str], columns: int = LIST_COLUMNS) -> list[str]:
    """Items with commas between them, in lines of `columns`, commas included; none is broken."""
    parts = list(items)
    parts[:-1] = [f"{part}," for part in parts[:-1]]
    lines: list[str] = []
    for part in parts:
        if lines and len(lines[-1]) + 1 + len(part) <= columns:
            lines[-1] += f" {part}"
        else:
            lines.append(part)
    return lines


def _pieces(text: str, columns: int | None) -> list[str]:
    """`text` cut between words; what goes on stands two columns further in."""
    if columns is None:
        return [text]
    inside = len(text) - len(text.lstrip())
    wrapper = TextWrapper(
        width=max(columns - HEADING_COLUMNS, LEAST_COLUMNS),
        subsequent_indent=" " * (inside + 2),
        break_on_hyphens=False,
        expand_tabs=False,
        replace_whitespace=False,
    )
    return wrapper.wrap(text) or [""]
