"""A customer's id on the command line: refused at once when no event may have it."""

import re
from typing import overload

import click

from connectors.events.decode import CONTROL, MAX_ID_CHARACTERS

NO_TEXT = re.compile("[\ud800-\udfff]")
"""What Python makes of bytes on the command line that are not UTF-8."""


@overload
def customer_id(_ctx: click.Context, _param: click.Parameter, text: str) -> str: ...
@overload
def customer_id(_ctx: click.Context, _param: click.Parameter, text: None) -> None: ...
def customer_id(_ctx: click.Context, _param: click.Parameter, text: str | None) -> str | None:
    """An argument's or option's callback: `text`, when events may have it as an id."""
    if text is None:
        return None
    expected = f"expected 1 to {MAX_ID_CHARACTERS} characters, no control characters"
    if not 0 < len(text) <= MAX_ID_CHARACTERS:
        raise click.BadParameter(f"{expected}, got {len(text):,} characters")
    if CONTROL.search(text) or NO_TEXT.search(text):
        raise click.BadParameter(f"{expected}, got {text!r}")
    return text
