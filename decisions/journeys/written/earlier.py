"""Definitions that journeys had before, read again."""

from decisions.journeys.table import Journey
from decisions.journeys.written.journey import JourneyReader
from decisions.journeys.written.source import node_of
from decisions.language import Scope
from decisions.playbook import Playbook
from decisions.reading import Reader


def read_journey(source: str, playbook: Playbook) -> Journey | None:
    """The journey whose `source` it is, over the traits, segments and routes that `playbook` has.

    None where it is no such text, names something that is gone, or looks back at what the playbook
    no longer has remembered: runs of it cannot go on. To be put into `playbook.earlier` by its `id`
    and `version`.
    """
    try:
        name, node = node_of(source)
    except ValueError:
        return None
    reader = Reader(source)
    scope = Scope(playbook.traits, playbook.segments, context=False)
    journey = JourneyReader(reader, scope, playbook.routes).read(name, node, name)
    forgotten = reader.remembered.keys() - playbook.history.trackers.keys()
    return None if reader.problems or forgotten else journey
