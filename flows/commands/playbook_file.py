"""A playbook that a command is given: read, or its problems told and the command ended."""

import json
from pathlib import Path

import click

from decisions.load import PlaybookUnreadable, load_playbook
from decisions.playbook import Playbook, PlaybookError

SAMPLE_HINT = "`touchline check --sample > playbook.yaml` writes one to begin with"


def read_playbook(file: Path, *, as_json: bool) -> Playbook:
    """The playbook at `file`. Of a wrong one stderr gets a line for every problem, stdout with
    `as_json` the same as an object, and the exit code is 1."""
    try:
        return load_playbook(file)
    except PlaybookError as error:
        absent = isinstance(error, PlaybookUnreadable)
        click.echo(f"{error}; {SAMPLE_HINT}" if absent else str(error), err=True)
        if as_json:
            problems = [problem._asdict() for problem in error.problems]
            click.echo(json.dumps({"file": str(file), "problems": problems}))
        raise SystemExit(1) from None
