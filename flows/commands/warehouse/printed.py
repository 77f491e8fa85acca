"""An answer as a program or a person reads it: JSON lines, CSV, or a table."""

import csv
import json
import math
import re
from collections.abc import Iterable, Iterator, Sequence
from itertools import chain, islice
from typing import Any, TextIO

from rich.cells import cell_len, set_cell_size

from connectors.warehouse.query import Answer, AnswerColumn

CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]")
"""What could move the cursor or end a line: it came from outside."""
LOOKED_AT = 1_000
"""Rows that a table's columns are made wide enough for; later ones are cut to fit."""
GAP = "  "
NARROWEST = 6
Rows = Iterator[tuple[Any, ...]]


def rows_of(answer: Answer) -> Rows:
    """The rows, one after the other."""
    return chain.from_iterable(answer.batches)


def write_json(columns: Sequence[AnswerColumn], rows: Rows, out: TextIO) -> int:
    """One JSON object a line; a name that comes twice is told apart as `a`, `a_1`.

    Returns how many rows. JSON columns are values, not text; a number that JSON has not (nan, inf)
    is null.
    """
    count = 0
    for row in rows:
        values = {
            column.name: _plain(column, value) for column, value in zip(columns, row, strict=True)
        }
        out.write(json.dumps(values, ensure_ascii=False) + "\n")
        count += 1
    return count


def _plain(column: AnswerColumn, value: Any) -> Any:
    if value is None or (isinstance(value, float) and not math.isfinite(value)):
        return None
    return json.loads(value) if column.shape == "json" else value


def write_csv(columns: Sequence[AnswerColumn], rows: Rows, out: TextIO) -> int:
    """RFC 4180 with a line of names, lines ending in \\n; null is an empty field."""
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow([column.name for column in columns])
    count = 0
    for row in rows:
        writer.writerow([_text(value) if isinstance(value, bool) else value for value in row])
        count += 1
    return count


def write_table(columns: Sequence[AnswerColumn], rows: Rows, out: TextIO, width: int | None) -> int:
    """Aligned, numbers to the right, cut to `width` columns of the screen if there is one."""
    begin = [_texts(row) for row in islice(rows, LOOKED_AT)]
    names = [CONTROL.sub("?", column.name) for column in columns]
    widths = _widths([names, *begin], width)
    right = [column.shape == "number" for column in columns]
    out.write(_line(names, widths, right, width))
    out.write(_line(["-" * wide for wide in widths], widths, right, width))
    count = 0
    for texts in chain(begin, (_texts(row) for row in rows)):
        out.write(_line(texts, widths, right, width))
        count += 1
    return count


def write_plan(rows: Rows, out: TextIO) -> int:
    """EXPLAIN's lines as they are."""
    out.writelines(plan.rstrip("\n") + "\n" for _, plan in rows)
    return 1


def _texts(row: Iterable[Any]) -> list[str]:
    return [CONTROL.sub("?", _text(value)) for value in row]


def _text(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float):
        return f"{value:.15g}"
    return str(value)


def _widths(rows: Sequence[Sequence[str]], width: int | None) -> list[int]:
    """Of each column: its longest text; the widest give way until all fit."""
    widths = [max(map(cell_len, texts)) for texts in zip(*rows, strict=True)]
    if width is None:
        return widths
    room = width - len(GAP) * (len(widths) - 1)
    while sum(widths) > room and max(widths) > NARROWEST:
        widths[widths.index(max(widths))] -= 1
    return widths


def _line(
    texts: Sequence[str], widths: Sequence[int], right: Sequence[bool], width: int | None
) -> str:
    cells = []
    for text, wide, is_right in zip(texts, widths, right, strict=True):
        if cell_len(text) > wide:
            text = set_cell_size(text, wide - 1) + "…"
        pad = " " * (wide - cell_len(text))
        cells.append(pad + text if is_right else text + pad)
    line = GAP.join(cells).rstrip()
    if width is not None and cell_len(line) > width:
        line = set_cell_size(line, width - 1) + "…"
    return line + "\n"
