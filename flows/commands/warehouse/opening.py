"""What the warehouse's commands share: its address, and how their trouble ends."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager

import click

from connectors.warehouse.errors import WarehouseUnavailable, WarehouseUnfit
from flows.commands.nearby import nearby_settings
from flows.commands.option_types import warehouse_address
from flows.settings import SettingsError

INTERRUPTED = 130
"""The exit code of a shell's command that was ended by Ctrl-C."""


url_option = click.option(
    "--url",
    metavar="URL",
    callback=warehouse_address,
    help="The warehouse's folder, instead of TOUCHLINE_WAREHOUSE_URL (./warehouse).",
)


def warehouse_url(url: str | None) -> str:
    """The option's address, else the setting's. Raises ClickException for wrong settings."""
    try:
        return url or nearby_settings(url).warehouse_url
    except SettingsError as error:
        raise click.ClickException(str(error)) from None


@contextmanager
def one_sentence(exit_code: int = 1) -> Iterator[None]:
    """The warehouse's troubles end the command with one line and `exit_code`; Ctrl-C with 130."""
    try:
        yield
    except (WarehouseUnavailable, WarehouseUnfit) as trouble:
        click.echo(f"Error: {trouble}", err=True)
        sys.exit(exit_code)
    except KeyboardInterrupt:
        click.echo("stopped", err=True)
        sys.exit(INTERRUPTED)
