"""What the experiments commands share: the playbook, and its experiments by name."""

from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import click

from decisions.language.errors import nearest
from decisions.offering.experiments import Experiment
from decisions.playbook import Playbook
from flows.commands.nearby import nearby_settings
from flows.commands.option_types import FilledPath
from flows.commands.playbook_file import read_playbook
from flows.settings import SettingsError

F = TypeVar("F", bound=Callable[..., Any])


def playbook_option(function: F) -> F:
    """Whose experiments they are."""
    return click.option(
        "--playbook",
        type=FilledPath(),
        metavar="FILE",
        help="Whose experiments they are, instead of TOUCHLINE_PLAYBOOK.",
    )(function)


def opened(playbook: str | None, *, as_json: bool) -> Playbook:
    """The option's playbook, else the setting's; a wrong one ends the command with 1."""
    try:
        path = playbook or nearby_settings().playbook
    except SettingsError as error:
        raise click.ClickException(str(error)) from None
    return read_playbook(Path(path), as_json=as_json)


def known(book: Playbook, name: str) -> Experiment:
    """The experiment of that name. Raises click.ClickException for one that there is not."""
    if name in book.experiments:
        return book.experiments[name]
    near = nearest(name, book.experiments)
    meant = f'; did you mean "{near}"?' if near else ""
    names = ", ".join(book.experiments) or "none: the playbook has no experiments and no control"
    raise click.ClickException(f'no experiment "{name}"; expected one of {names}{meant}')
