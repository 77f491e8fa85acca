"""Writes Grafana's boards from dashboards/boards/*.py: `python -m dashboards`."""

import sys
from pathlib import Path

import click

from dashboards.boards import BOARDS
from dashboards.places import BOARDS as FOLDER
from dashboards.places import shown


def texts(folder: Path = FOLDER) -> dict[Path, str]:
    """File → what is to stand in it."""
    return {folder / f"{board.name}.json": board.text() for board in BOARDS}


def stale(folder: Path = FOLDER) -> list[str]:
    """One line for each file of `folder` that is not what `dashboards/boards` says."""
    wanted = texts(folder)
    found = [
        f"{shown(path)}: not what dashboards/boards says; write it anew with `python -m dashboards`"
        for path, text in wanted.items()
        if not path.is_file() or path.read_text() != text
    ]
    extra = [
        f"{shown(path)}: no board of dashboards/boards has this name; remove it"
        for path in sorted(folder.glob("*.json"))
        if path not in wanted
    ]
    return found + extra


@click.command(context_settings={"help_option_names": ["-h", "--help"]})
@click.option("--check", is_flag=True, help="Write nothing; say which files are not current.")
def main(check: bool) -> None:
    """Write grafana/boards/*.json from dashboards/boards/*.py.

    Exit codes: 0 written, or all current; 1 with --check: a file is not current; 2 wrong options.

    \b
    Examples:
      python -m dashboards           after a change of a board
      python -m dashboards --check   in CI
    """
    if check:
        lines = stale()
        for line in lines:
            click.echo(line, err=True)
        sys.exit(1 if lines else 0)
    for path, text in texts().items():
        path.write_text(text)
        click.echo(shown(path))


if __name__ == "__main__":
    main()
