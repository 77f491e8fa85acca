"""A decision's id on the command line."""

import click

from decisions.offering.answers import HEX


def decision(_ctx: click.Context, _param: click.Parameter, text: str | None) -> str | None:
    """An option's callback: `text`, when a decision may have it as an id."""
    if text is not None and not HEX.fullmatch(text):
        raise click.BadParameter(f"expected 32 hex digits in lower case, got {text!r}")
    return text
