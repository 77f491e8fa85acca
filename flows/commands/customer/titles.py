"""What the ids of offers, segments, alerts and steps mean, by the playbook of whoever looks."""

from pathlib import Path

from msgspec import Struct, field

from decisions.load import load_playbook
from decisions.playbook import PlaybookError


class Titles(Struct, frozen=True):
    """Id → title; empty when the playbook could not be read."""

    version: str = ""
    """Of the playbook they are from; "" = none."""
    offers: dict[str, str] = field(default_factory=dict)
    segments: dict[str, str] = field(default_factory=dict)
    severities: dict[str, str] = field(default_factory=dict)
    """Of alerts."""
    steps: dict[tuple[str, bytes], tuple[str, ...]] = field(default_factory=dict)
    """Of a journey, by its id and its version: the ids of its steps, "" where one has none."""


def read_titles(path: str) -> Titles:
    """The titles in the playbook at `path`; none when it is not there or is wrong: a page about a
    customer does without."""
    try:
        playbook = load_playbook(Path(path))
    except PlaybookError:
        return Titles()
    return Titles(
        version=playbook.version,
        offers={offer.id: offer.title for offer in playbook.offers.values()},
        segments={segment.id: segment.title for segment in playbook.segments.values()},
        severities={alert.id: alert.severity for alert in playbook.alerts.values()},
        steps={(one.id, one.version): one.names for one in playbook.journeys.values()},
    )
