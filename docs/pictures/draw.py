"""Draws the pictures of the terminal pages: `python -m docs.pictures.draw`.

They are SVG that loads nothing from anywhere, drawn by the code that writes to a terminal, from
the data in `shown`: the same each time, so that a test can hold the files to the code.
"""

import io
import re
from collections.abc import Callable, Iterable
from html import unescape
from pathlib import Path

from rich.console import Console, RenderableType
from rich.terminal_theme import TerminalTheme
from rich.text import Text

from docs.pictures import shown
from flows.commands.customer.page import page
from flows.commands.customer.rows import HEADING_COLUMNS, lines_of
from flows.commands.tail.lines import line_of
from flows.local.screen import screen

FOLDER = Path(__file__).parent
BROAD, WIDE, USUAL = 136, 104, 80
"""Columns."""
THEME = TerminalTheme(
    (22, 27, 34),
    (201, 209, 217),
    [
        (72, 79, 88),
        (255, 123, 114),
        (86, 211, 100),
        (227, 179, 65),
        (108, 182, 255),
        (210, 168, 255),
        (86, 212, 221),
        (201, 209, 217),
    ],
)
PIECE = re.compile(
    r'<text class="([^"]+)" x="([^"]+)" y="([^"]+)" textLength="[^"]+" clip-path="([^"]+)">'
    r"([^<]*)</text>"
)
COLUMN = 12.2
"""Units of a drawing."""
BLANK = "&#160;"
FORMAT = """<svg viewBox="0 0 {width} {height}" xmlns="http://www.w3.org/2000/svg">
<style>
.{unique_id}-matrix {{
    font-family: ui-monospace, SFMono-Regular, Menlo, Consolas, "DejaVu Sans Mono", monospace;
    font-size: {char_height}px;
    line-height: {line_height}px;
}}
.{unique_id}-title {{
    font-family: system-ui, sans-serif;
    font-size: 18px;
}}
{styles}
</style>
<defs>
<clipPath id="{unique_id}-clip-terminal">
<rect x="0" y="0" width="{terminal_width}" height="{terminal_height}" />
</clipPath>
{lines}
</defs>
{chrome}
<g transform="translate({terminal_x}, {terminal_y})" clip-path="url(#{unique_id}-clip-terminal)">
{backgrounds}
<g class="{unique_id}-matrix">
{matrix}
</g>
</g>
</svg>
"""


def customer() -> str:
    """`touchline customer`."""
    sections = page(shown.KNOWN, shown.HISTORY, shown.TITLES, shown.NOW_MS, WIDE - HEADING_COLUMNS)
    return _picture(
        "customer", "touchline customer c-000001", _ansi(lines_of(sections, WIDE)), WIDE
    )


def tail() -> str:
    """`touchline tail`."""
    lines = (line_of(action, shown.NOW_MS) for action in shown.ACTIONS)
    return _picture("tail", "touchline tail", _ansi(lines), BROAD)


def up() -> str:
    """The screen of `touchline up`."""
    drawn = screen(shown.NUMBERS, shown.ANSWERS, shown.COMMANDS, compact=False)
    return _picture("up", "touchline up --demo", drawn, USUAL)


PICTURES: dict[str, Callable[[], str]] = {"customer": customer, "tail": tail, "up": up}
"""Name of the file, without .svg → who draws it."""


def _ansi(lines: Iterable[str]) -> Text:
    return Text.from_ansi("\n".join(lines))


def _picture(name: str, title: str, drawn: RenderableType, columns: int) -> str:
    console = Console(
        record=True,
        width=columns,
        file=io.StringIO(),
        force_terminal=True,
        color_system="standard",
        legacy_windows=False,
        _environ={},
    )
    console.print(drawn)
    drawing = console.export_svg(title=title, theme=THEME, code_format=FORMAT, unique_id=name)
    return PIECE.sub(_without_blanks, drawing)


def _without_blanks(piece: re.Match[str]) -> str:
    """A piece of text that begins where its first letter stands: some programs pass over blanks at
    the beginning of one, and draw the rest too far to the left."""
    look, x, y, clip, text = piece.groups()
    shown_text = text.replace(BLANK, " ")
    inside = len(shown_text) - len(shown_text.lstrip())
    letters = unescape(shown_text.strip())
    if not letters:
        return ""
    left, length = float(x) + inside * COLUMN, len(letters) * COLUMN
    kept = shown_text.strip().replace(" ", BLANK)
    place = f'x="{left:.1f}" y="{y}" textLength="{length:.1f}"'
    return f'<text class="{look}" {place} clip-path="{clip}">{kept}</text>'


if __name__ == "__main__":
    for name, draw in PICTURES.items():
        (FOLDER / f"{name}.svg").write_text(draw())
