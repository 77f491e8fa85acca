"""Definitions of journeys that the playbook has had: kept by a shard for those who follow them."""

import logging
from collections.abc import Mapping

from decisions.journeys.written.earlier import read_journey
from decisions.playbook import Playbook

log = logging.getLogger("touchline.touchpoints")


def definitions_of(playbook: Playbook) -> dict[str, str]:
    """Journey and version → definition, as a shard keeps them."""
    return {_name(j.id, j.version): j.source for j in playbook.journeys.values()}


def recall_journeys(playbook: Playbook, kept: Mapping[str, str]) -> None:
    """Let the playbook know the definitions that a shard has `kept`.

    Those that it cannot read any more are left out, since what they name is gone: runs of them end,
    which is published.
    """
    known = {_name(*key) for key in playbook.earlier}
    for name, source in kept.items():
        if name in known:
            continue
        journey = read_journey(source, playbook)
        if journey is not None and _name(journey.id, journey.version) == name:
            playbook.earlier[journey.id, journey.version] = journey
        else:
            log.warning("journey %s cannot be read any more: who is in it leaves it", name)


def _name(journey: str, version: bytes) -> str:
    return f"{journey}:{version.hex()}"
