"""The playbook of a run, with quiet hours that begin and end while it runs."""

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML

from tests.faults.world import ROOT
from tests.oracle.contact.lawless import lawless, write

PLAYBOOK = ROOT / "tests/oracle/contact/playbook.yaml"


def written_at(folder: Path, now_ms: int, begins_after_s: float) -> Path:
    """The playbook, as a file: quiet from the whole minute on that is so far away or a little more,
    for an hour and as long again.

    An hour to the east it is quiet already, and ends while it runs; further away it never is.
    """
    written = read()
    minute = timedelta(minutes=1)
    now = datetime.fromtimestamp(now_ms / 1000, UTC)
    begins = (now + timedelta(seconds=begins_after_s)).replace(second=0, microsecond=0) + minute
    ends = begins + timedelta(hours=1, seconds=begins_after_s)
    quiet = {"from": f"{begins:%H:%M}", "to": f"{ends:%H:%M}"}
    written["contact"]["quiet"] |= quiet
    return write(written, folder / "playbook.yaml")


def without_policy(folder: Path) -> Path:
    """The playbook without anything that says no."""
    return write(lawless(read()), folder / "lawless.yaml")


def read() -> dict[str, Any]:
    """As a YAML reader has it."""
    written: dict[str, Any] = YAML(typ="safe").load(PLAYBOOK.read_text())
    return written
